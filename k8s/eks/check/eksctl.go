// eksctl's ClusterConfig, judged by the JSON schema that eksctl publishes.
package main

import (
	"fmt"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"sigs.k8s.io/yaml"
)

func readClusterConfigSchema(path string) (*jsonschema.Schema, error) {
	return jsonschema.NewCompiler().Compile(path)
}

func eksctlAccepts(e example) error {
	text, err := e.read("eksctl.yaml")
	if err != nil {
		return err
	}
	var object any
	if err := yaml.Unmarshal(text, &object); err != nil {
		return err
	}
	if err := e.clusterConfig.Validate(object); err != nil {
		return err
	}
	var read struct {
		ManagedNodeGroups []struct {
			Name                     string `json:"name"`
			OverrideBootstrapCommand string `json:"overrideBootstrapCommand"`
		} `json:"managedNodeGroups"`
	}
	if err := yaml.Unmarshal(text, &read); err != nil {
		return err
	}
	for _, group := range read.ManagedNodeGroups {
		if group.Name == "irispair" {
			return nodeConfigReads([]byte(group.OverrideBootstrapCommand))
		}
	}
	return fmt.Errorf("no node group irispair")
}
