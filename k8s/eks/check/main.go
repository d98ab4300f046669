// Holds what `irispair nodes render` wrote against the programs that will read it: the kubelet's own types, validation and
// resource managers, Karpenter's custom resource definitions, MIME, YAML and TOML parsers of other makers.
//
//	go run . -crds DIRECTORY[,DIRECTORY] -eksctl SCHEMA EXAMPLE...
//
// An EXAMPLE is a directory as k8s/eks/render-examples.sh fills it. What is checked is printed, a line each.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-logr/logr"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"k8s.io/klog/v2"
)

// What is looked at in one example.
type look struct {
	what string
	at   func(example) error
}

type example struct {
	directory string
	plan      plan
	// Custom resource definitions by kind.
	definitions   map[string]definition
	clusterConfig *jsonschema.Schema
}

func (e example) read(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(e.directory, name))
}

var looks = []look{
	{"the kubelet decodes its configuration strictly, and finds it valid", kubeletAccepts},
	{"the kubelet's managers start, and give each container its NUMA node", managersPlace},
	{"a byte less reserved, and the kubelet does not start", reservationMustAddUp},
	{"a second pair, or one that asks for a page more, is refused", noRoomForMore},
	{"eksctl's schema accepts its ClusterConfig, and the kubelet what is in it", eksctlAccepts},
	{"launch template: MIME with a NodeConfig whose kubelet configuration is valid", launchTemplateReads},
	{"Karpenter's definitions accept its objects, with no field unknown", karpenterAccepts},
	{"Bottlerocket: TOML of the settings that it has", bottlerocketReads},
}

func main() {
	crds := flag.String("crds", "", "directories with Karpenter's definitions, separated by commas")
	eksctl := flag.String("eksctl", "", "file with the JSON schema of eksctl's ClusterConfig")
	flag.Parse()
	klog.SetLogger(logr.Discard())

	definitions, err := readDefinitions(strings.Split(*crds, ","))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	clusterConfig, err := readClusterConfigSchema(*eksctl)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	passed, failed := 0, 0
	for _, directory := range flag.Args() {
		plan, err := readPlan(filepath.Join(directory, "plan.json"))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		for _, one := range looks {
			if err := one.at(example{directory, plan, definitions, clusterConfig}); err != nil {
				failed++
				fmt.Printf("FAILED [%s] %s: %v\n", filepath.Base(directory), one.what, err)
			} else {
				passed++
				fmt.Printf("ok     [%s] %s\n", filepath.Base(directory), one.what)
			}
		}
	}
	fmt.Printf("%d passed, %d failed\n", passed, failed)
	if failed > 0 || passed == 0 {
		os.Exit(1)
	}
}
