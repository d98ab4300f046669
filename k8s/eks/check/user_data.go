// User data of nodes: MIME parts for nodeadm, TOML for Bottlerocket.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"

	"github.com/BurntSushi/toml"
	"sigs.k8s.io/yaml"
)

// NodeConfig of node.eks.aws/v1alpha1, as far as it is used here. Its module is not served by Go's module proxy.
type nodeConfig struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Spec       struct {
		Kubelet struct {
			Config map[string]any `json:"config"`
			Flags  []string       `json:"flags"`
		} `json:"kubelet"`
	} `json:"spec"`
}

func launchTemplateReads(e example) error {
	text, err := e.read("launch-template.txt")
	if err != nil {
		return err
	}
	message, err := mail.ReadMessage(bytes.NewReader(text))
	if err != nil {
		return err
	}
	kind, parameters, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/mixed" {
		return fmt.Errorf("%s: %w", kind, err)
	}
	parts := multipart.NewReader(message.Body, parameters["boundary"])
	bodies := map[string][]byte{}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		kind, _, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil {
			return err
		}
		if bodies[kind], err = io.ReadAll(part); err != nil {
			return err
		}
	}
	if len(bodies) != 2 || !bytes.HasPrefix(bodies["text/x-shellscript"], []byte("#!")) {
		return errors.New("its parts are not a shell script and a NodeConfig")
	}
	return nodeConfigReads(bodies["application/node.eks.aws"])
}

// nodeadm writes the configuration to a drop-in of the kubelet, with kind and version put before it.
func nodeConfigReads(text []byte) error {
	var read nodeConfig
	if err := yaml.UnmarshalStrict(text, &read); err != nil {
		return err
	}
	if read.APIVersion != "node.eks.aws/v1alpha1" || read.Kind != "NodeConfig" {
		return fmt.Errorf("a %s %s", read.APIVersion, read.Kind)
	}
	read.Spec.Kubelet.Config["apiVersion"] = "kubelet.config.k8s.io/v1beta1"
	read.Spec.Kubelet.Config["kind"] = "KubeletConfiguration"
	dropIn, err := yaml.Marshal(read.Spec.Kubelet.Config)
	if err != nil {
		return err
	}
	_, err = validKubelet(dropIn)
	return err
}

// Settings of Bottlerocket that are used here, by the names in its settings model.
type bottlerocket struct {
	Settings struct {
		Boot struct {
			RebootToReconcile bool                `toml:"reboot-to-reconcile"`
			KernelParameters  map[string][]string `toml:"kernel-parameters"`
		} `toml:"boot"`
		Kubernetes struct {
			CPUManagerPolicy      string              `toml:"cpu-manager-policy"`
			MemoryManagerPolicy   string              `toml:"memory-manager-policy"`
			TopologyManagerPolicy string              `toml:"topology-manager-policy"`
			TopologyManagerScope  string              `toml:"topology-manager-scope"`
			KubeReserved          map[string]string   `toml:"kube-reserved"`
			SystemReserved        map[string]string   `toml:"system-reserved"`
			EvictionHard          map[string]string   `toml:"eviction-hard"`
			NodeLabels            map[string]string   `toml:"node-labels"`
			NodeTaints            map[string][]string `toml:"node-taints"`
			ReservedMemory        map[string]struct {
				Enabled bool   `toml:"enabled"`
				Memory  string `toml:"memory"`
			} `toml:"memory-manager-reserved-memory"`
		} `toml:"kubernetes"`
	} `toml:"settings"`
}

func bottlerocketReads(e example) error {
	text, err := e.read("bottlerocket.toml")
	if err != nil {
		return err
	}
	var read bottlerocket
	meta, err := toml.Decode(string(text), &read)
	if err != nil {
		return err
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return fmt.Errorf("unknown settings: %v", unknown)
	}
	wanted := fmt.Sprintf("%d:%d", e.plan.Iris.Node, e.plan.Iris.Hugepages)
	if got := read.Settings.Boot.KernelParameters["hugepages"]; len(got) != 1 || got[0] != wanted {
		return fmt.Errorf("hugepages=%v, not %s", got, wanted)
	}
	return nil
}
