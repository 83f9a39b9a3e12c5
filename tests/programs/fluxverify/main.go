// Verifies the signature of an artifact as Flux's source-controller (1.10) does it with a public key: with cosign's
// own package. It takes bundles if the registry has some, and otherwise the signature behind the tag sha256-<digest>.sig.
//
//	fluxverify REFERENCE PUBLIC-KEY          prints what was verified: bundle, or signature
//	fluxverify -tag REFERENCE PUBLIC-KEY     looks at the tag only, as source-controller before 1.8
//	fluxverify -generate FOLDER              writes cosign.key and cosign.pub, with the password of $COSIGN_PASSWORD
package main

import (
	"context"
	"crypto"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/sigstore/cosign/v3/pkg/cosign"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if arguments[0] == "-generate" {
		return generate(arguments[1])
	}
	onlyTag := arguments[0] == "-tag"
	if onlyTag {
		arguments = arguments[1:]
	}
	reference, err := name.ParseReference(arguments[0], name.Insecure)
	if err != nil {
		return err
	}
	pem, err := os.ReadFile(arguments[1])
	if err != nil {
		return err
	}
	key, err := cryptoutils.UnmarshalPEMToPublicKey(pem)
	if err != nil {
		return err
	}
	verifier, err := signature.LoadVerifier(key, crypto.SHA256)
	if err != nil {
		return err
	}
	return verify(reference, cosign.CheckOpts{Offline: true, IgnoreTlog: true, SigVerifier: verifier}, onlyTag)
}

func verify(reference name.Reference, options cosign.CheckOpts, onlyTag bool) error {
	ctx := context.Background()
	bundles, _, err := cosign.GetBundles(ctx, reference, nil, name.Insecure)
	if onlyTag || len(bundles) == 0 || err != nil {
		found, _, err := cosign.VerifyImageSignatures(ctx, reference, &options)
		if err == nil {
			fmt.Println("signature", len(found))
		}
		return err
	}
	options.NewBundleFormat = true
	found, _, err := cosign.VerifyImageAttestations(ctx, reference, &options, name.Insecure)
	if err == nil {
		fmt.Println("bundle", len(found))
	}
	return err
}

func generate(folder string) error {
	password := func(bool) ([]byte, error) { return []byte(os.Getenv("COSIGN_PASSWORD")), nil }
	keys, err := cosign.GenerateKeyPair(password)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "cosign.key"), keys.PrivateBytes, 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "cosign.pub"), keys.PublicBytes, 0o644)
}
