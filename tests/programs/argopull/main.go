// argopull REPOSITORY TAG FOLDER: takes an artifact from a registry with the client of Argo CD's repo server, and its settings by
// default; unpacks it into FOLDER, and prints its digest. REPOSITORY is oci://… on a registry without TLS.
package main

import (
	"context"
	"fmt"
	"os"

	utilio "github.com/argoproj/argo-cd/v3/util/io"
	"github.com/argoproj/argo-cd/v3/util/oci"
)

// The default of --oci-layer-media-types (cmd/argocd-repo-server/commands/argocd_repo_server.go).
var mediaTypes = []string{
	"application/vnd.oci.image.layer.v1.tar",
	"application/vnd.oci.image.layer.v1.tar+gzip",
	"application/vnd.cncf.helm.chart.content.v1.tar+gzip",
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	ctx := context.Background()
	work, err := os.MkdirTemp("", "argopull")
	check(err)
	defer os.RemoveAll(work)
	client, err := oci.NewClient(os.Args[1], oci.Creds{InsecureHTTPOnly: true}, "", "", mediaTypes,
		oci.WithImagePaths(utilio.NewRandomizedTempPaths(work)),
		oci.WithManifestMaxExtractedSize(1<<30))
	check(err)
	digest, err := client.ResolveRevision(ctx, os.Args[2], true)
	check(err)
	path, closer, err := client.Extract(ctx, digest)
	check(err)
	defer closer.Close()
	check(os.CopyFS(os.Args[3], os.DirFS(path)))
	fmt.Println(digest)
}
