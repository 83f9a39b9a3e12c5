// trustvalidate FILE...: what trust-manager's webhook says of each Bundle.
package main

import (
	"fmt"
	"os"

	"sigs.k8s.io/yaml"

	trustapi "github.com/cert-manager/trust-manager/pkg/apis/trust/v1alpha1"
	"github.com/cert-manager/trust-manager/pkg/webhook"
)

func main() {
	for _, file := range os.Args[1:] {
		text, err := os.ReadFile(file)
		if err != nil {
			panic(err)
		}
		var one trustapi.Bundle
		if err := yaml.UnmarshalStrict(text, &one); err != nil {
			fmt.Println(file, err)
			continue
		}
		warnings, err := webhook.Validate(&one)
		fmt.Println(file, warnings, err)
	}
}
