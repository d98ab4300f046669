// Karpenter's objects, judged by its custom resource definitions as an API server does: schema, unknown fields, CEL rules.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/util/yaml"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	sigsyaml "sigs.k8s.io/yaml"
)

// One version of a kind.
type definition struct {
	apiVersion string
	structural *structuralschema.Structural
	schema     validation.SchemaValidator
}

func readDefinitions(directories []string) (map[string]definition, error) {
	read := map[string]definition{}
	for _, directory := range directories {
		files, err := filepath.Glob(filepath.Join(directory, "*.yaml"))
		if err != nil || len(files) == 0 {
			return nil, fmt.Errorf("-crds: %s holds no definitions", directory)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			var crd apiextensionsv1.CustomResourceDefinition
			if err := sigsyaml.Unmarshal(text, &crd); err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			for _, version := range crd.Spec.Versions {
				one, err := toDefinition(crd.Spec.Group+"/"+version.Name, version.Schema.OpenAPIV3Schema)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", file, err)
				}
				read[crd.Spec.Names.Kind] = one
			}
		}
	}
	return read, nil
}

func toDefinition(apiVersion string, external *apiextensionsv1.JSONSchemaProps) (definition, error) {
	var internal apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(external, &internal, nil); err != nil {
		return definition{}, err
	}
	structural, err := structuralschema.NewStructural(&internal)
	if err != nil {
		return definition{}, err
	}
	validator, _, err := validation.NewSchemaValidator(&internal)
	return definition{apiVersion, structural, validator}, err
}

func (d definition) validate(object map[string]any) error {
	defaulting.Default(object, d.structural)
	unknown := pruning.PruneWithOptions(object, d.structural, true, structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
	if len(unknown) > 0 {
		return fmt.Errorf("unknown fields: %s", strings.Join(unknown, ", "))
	}
	if problems := validation.ValidateCustomResource(nil, object, d.schema); len(problems) > 0 {
		return problems.ToAggregate()
	}
	rules := cel.NewValidator(d.structural, true, celconfig.PerCallLimit)
	problems, _ := rules.Validate(context.Background(), nil, d.structural, object, nil, celconfig.RuntimeCELCostBudget)
	return problems.ToAggregate()
}

func karpenterAccepts(e example) error {
	text, err := e.read("karpenter.yaml")
	if err != nil {
		return err
	}
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	seen := 0
	for {
		var object map[string]any
		if err := decoder.Decode(&object); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		kind, _ := object["kind"].(string)
		known, ok := e.definitions[kind]
		if !ok || known.apiVersion != object["apiVersion"] {
			return fmt.Errorf("%v %s is not defined", object["apiVersion"], kind)
		}
		if err := known.validate(object); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
		seen++
	}
	if seen != 3 {
		return fmt.Errorf("%d objects, not 3", seen)
	}
	return nil
}
