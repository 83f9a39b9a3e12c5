// certvalidate FILE...: what cert-manager's webhook says of each Certificate.
package main

import (
	"fmt"
	"os"

	admissionv1 "k8s.io/api/admission/v1"
	"sigs.k8s.io/yaml"

	internalapi "github.com/cert-manager/cert-manager/internal/apis/certmanager"
	internalv1 "github.com/cert-manager/cert-manager/internal/apis/certmanager/v1"
	"github.com/cert-manager/cert-manager/internal/apis/certmanager/validation"
	v1 "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
)

func main() {
	bad := 0
	for _, file := range os.Args[1:] {
		text, err := os.ReadFile(file)
		if err != nil {
			panic(err)
		}
		var one v1.Certificate
		if err := yaml.UnmarshalStrict(text, &one); err != nil {
			fmt.Println(file, err)
			bad++
			continue
		}
		var own internalapi.Certificate
		if err := internalv1.Convert_v1_Certificate_To_certmanager_Certificate(&one, &own, nil); err != nil {
			panic(err)
		}
		errs, warnings := validation.ValidateCertificate(&admissionv1.AdmissionRequest{}, &own)
		if len(errs) > 0 || len(warnings) > 0 {
			fmt.Println(file, errs, warnings)
			bad++
		}
	}
	fmt.Println(len(os.Args)-1, "certificates,", bad, "refused or warned of")
}
