// fluxbuild ROOT FILE...: builds the path of each Kustomization as kustomize-controller does, into ROOT/FILE.built.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	securejoin "github.com/cyphar/filepath-securejoin"
	generator "github.com/fluxcd/pkg/kustomize"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

func main() {
	root := os.Args[1]
	for _, file := range os.Args[2:] {
		if err := build(root, file); err != nil {
			fmt.Fprintln(os.Stderr, file, err)
			os.Exit(1)
		}
	}
}

func build(root, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var u unstructured.Unstructured
	if err := yaml.Unmarshal(text, &u.Object); err != nil {
		return err
	}
	path, _, _ := unstructured.NestedString(u.Object, "spec", "path")
	dir, err := securejoin.SecureJoin(root, path)
	if err != nil {
		return err
	}
	if _, err := generator.NewGenerator(root, u).WriteFile(dir); err != nil {
		return err
	}
	m, err := generator.SecureBuild(root, dir, false)
	if err != nil {
		return err
	}
	out, err := m.AsYaml()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, filepath.Base(file)+".built"), out, 0o644)
}
