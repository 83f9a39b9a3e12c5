// fluxpull URL FOLDER: takes an artifact from a registry without TLS with Flux's own client, and unpacks it into FOLDER.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/fluxcd/pkg/oci"
	"github.com/google/go-containerregistry/pkg/crane"
)

func main() {
	client := oci.NewClient([]crane.Option{crane.Insecure})
	metadata, err := client.Pull(context.Background(), os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(metadata); err != nil {
		panic(err)
	}
}
