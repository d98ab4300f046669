// The kubelet's configuration, read and judged by the kubelet's own code.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
	"k8s.io/klog/v2"
	kubeletconfig "k8s.io/kubernetes/pkg/kubelet/apis/config"
	"k8s.io/kubernetes/pkg/kubelet/apis/config/scheme"
	"k8s.io/kubernetes/pkg/kubelet/apis/config/validation"
	"k8s.io/kubernetes/pkg/kubelet/cm/containermap"
	"k8s.io/kubernetes/pkg/kubelet/cm/cpumanager"
	"k8s.io/kubernetes/pkg/kubelet/cm/memorymanager"
	"k8s.io/kubernetes/pkg/kubelet/cm/topologymanager"
	"k8s.io/kubernetes/pkg/kubelet/config"
	"k8s.io/kubernetes/pkg/kubelet/lifecycle"
	"k8s.io/utils/cpuset"
)

// Decodes as the kubelet does, with its defaults, but refuses fields that it does not know.
func decodeKubelet(text []byte) (*kubeletconfig.KubeletConfiguration, error) {
	_, codecs, err := scheme.NewSchemeAndCodecs(serializer.EnableStrict)
	if err != nil {
		return nil, err
	}
	object, err := runtime.Decode(codecs.UniversalDecoder(), text)
	if err != nil {
		return nil, err
	}
	decoded, ok := object.(*kubeletconfig.KubeletConfiguration)
	if !ok {
		return nil, fmt.Errorf("a %T, not a KubeletConfiguration", object)
	}
	return decoded, nil
}

func validKubelet(text []byte) (*kubeletconfig.KubeletConfiguration, error) {
	decoded, err := decodeKubelet(text)
	if err != nil {
		return nil, err
	}
	// Whether this machine is fit for a kubelet is not the question.
	decoded.FailCgroupV1 = false
	return decoded, validation.ValidateKubeletConfiguration(decoded, utilfeature.DefaultFeatureGate)
}

func kubeletAccepts(e example) error {
	text, err := e.read("kubelet.yaml")
	if err != nil {
		return err
	}
	_, err = validKubelet(text)
	return err
}

// What the kubelet keeps from pods: GetNodeAllocatableReservation of its container manager.
func reservation(configured *kubeletconfig.KubeletConfiguration) (v1.ResourceList, error) {
	kept := v1.ResourceList{}
	add := func(name v1.ResourceName, quantity string) error {
		parsed, err := resource.ParseQuantity(quantity)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		sum := kept[name]
		sum.Add(parsed)
		kept[name] = sum
		return nil
	}
	for _, reserved := range []map[string]string{configured.KubeReserved, configured.SystemReserved} {
		for name, quantity := range reserved {
			if err := add(v1.ResourceName(name), quantity); err != nil {
				return nil, err
			}
		}
	}
	return kept, add(v1.ResourceMemory, configured.EvictionHard["memory.available"])
}

// The kubelet's resource managers on one machine, before any pod came.
type managers struct {
	topology topologymanager.Manager
	cpu      cpumanager.Manager
	memory   memorymanager.Manager
	pods     []*v1.Pod
}

type noRuntime struct{}

func (noRuntime) UpdateContainerResources(context.Context, string, *runtimeapi.ContainerResources) error {
	return nil
}

type noStatus struct{}

func (noStatus) GetPodStatus(types.UID) (v1.PodStatus, bool) { return v1.PodStatus{}, false }

func startManagers(p plan, configured *kubeletconfig.KubeletConfiguration) (*managers, error) {
	directory, err := os.MkdirTemp("", "kubelet")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(directory)
	kept, err := reservation(configured)
	if err != nil {
		return nil, err
	}
	machine := p.machineInfo()
	started := &managers{}
	started.topology, err = topologymanager.NewManager(machine.Topology, configured.TopologyManagerPolicy, configured.TopologyManagerScope, nil)
	if err != nil {
		return nil, err
	}
	started.cpu, err = cpumanager.NewManager(klog.Background(), configured.CPUManagerPolicy, nil, time.Hour, machine, cpuset.New(), kept, directory, started.topology)
	if err != nil {
		return nil, err
	}
	started.memory, err = memorymanager.NewManager(klog.Background(), configured.MemoryManagerPolicy, machine, kept, configured.ReservedMemory, directory, started.topology)
	if err != nil {
		return nil, err
	}
	active := func() []*v1.Pod { return started.pods }
	ready := config.NewSourcesReady(func(sets.Set[string]) bool { return true })
	if err := started.cpu.Start(context.Background(), active, ready, noStatus{}, noRuntime{}, containermap.NewContainerMap()); err != nil {
		return nil, err
	}
	if err := started.memory.Start(context.Background(), active, ready, noStatus{}, noRuntime{}, containermap.NewContainerMap()); err != nil {
		return nil, err
	}
	started.topology.AddHintProvider(klog.Background(), started.cpu)
	started.topology.AddHintProvider(klog.Background(), started.memory)
	return started, nil
}

func managersOf(e example) (*managers, error) {
	text, err := e.read("kubelet.yaml")
	if err != nil {
		return nil, err
	}
	configured, err := decodeKubelet(text)
	if err != nil {
		return nil, err
	}
	return startManagers(e.plan, configured)
}

// A pair's pod: Guaranteed.
func pairPod(name string, p plan) *v1.Pod {
	share := func(of container) v1.ResourceRequirements {
		list := v1.ResourceList{
			v1.ResourceCPU:    *resource.NewQuantity(int64(of.CPUs), resource.DecimalSI),
			v1.ResourceMemory: *resource.NewQuantity(of.MemoryMebibytes*mebibyte, resource.BinarySI),
		}
		if of.Hugepages > 0 {
			list["hugepages-2Mi"] = *resource.NewQuantity(of.Hugepages*hugepageKibibyte*kibibyte, resource.BinarySI)
		}
		return v1.ResourceRequirements{Requests: list, Limits: list}
	}
	return &v1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "irispair", UID: types.UID(name)},
		Spec: v1.PodSpec{Containers: []v1.Container{
			{Name: "graph", Resources: share(p.Graph)},
			{Name: "iris", Resources: share(p.Iris)},
		}},
		Status: v1.PodStatus{QOSClass: v1.PodQOSGuaranteed},
	}
}

func (m *managers) admit(pod *v1.Pod) error {
	m.pods = append(m.pods, pod)
	result := m.topology.Admit(&lifecycle.PodAdmitAttributes{Pod: pod})
	if !result.Admit {
		m.pods = m.pods[:len(m.pods)-1]
		return fmt.Errorf("%s: %s", result.Reason, result.Message)
	}
	return nil
}

// Whichever container comes first.
func managersPlace(e example) error {
	pod := pairPod("pair", e.plan)
	if err := managersPlacePod(e, pod); err != nil {
		return err
	}
	slices.Reverse(pod.Spec.Containers)
	if err := managersPlacePod(e, pod); err != nil {
		return fmt.Errorf("iris first: %w", err)
	}
	return nil
}

func managersPlacePod(e example, pod *v1.Pod) error {
	started, err := managersOf(e)
	if err != nil {
		return err
	}
	if err := started.admit(pod); err != nil {
		return err
	}
	for name, wanted := range map[string]container{"graph": e.plan.Graph, "iris": e.plan.Iris} {
		got := started.cpu.GetExclusiveCPUs("pair", name)
		if got.Size() != wanted.CPUs {
			return fmt.Errorf("%s has CPUs %s to itself, not %d", name, got, wanted.CPUs)
		}
		for _, node := range e.plan.Machine.Nodes {
			if node.ID == wanted.Node && !got.IsSubsetOf(cpuset.New(node.CPUs...)) {
				return fmt.Errorf("%s has CPUs %s, which are not all of node %d", name, got, node.ID)
			}
		}
		blocks := started.memory.GetMemory("pair", name)
		if len(blocks) == 0 {
			return fmt.Errorf("%s has no memory to itself", name)
		}
		for _, block := range blocks {
			if len(block.NUMAAffinity) != 1 || block.NUMAAffinity[0] != wanted.Node {
				return fmt.Errorf("%s has %s of nodes %v, not of node %d", name, block.Type, block.NUMAAffinity, wanted.Node)
			}
		}
	}
	return nil
}

func reservationMustAddUp(e example) error {
	text, err := e.read("kubelet.yaml")
	if err != nil {
		return err
	}
	configured, err := decodeKubelet(text)
	if err != nil {
		return err
	}
	limits := configured.ReservedMemory[0].Limits
	less := limits[v1.ResourceMemory]
	less.Sub(resource.MustParse("1"))
	limits[v1.ResourceMemory] = less
	if _, err := startManagers(e.plan, configured); err == nil {
		return errors.New("its memory manager takes it")
	}
	return nil
}

func noRoomForMore(e example) error {
	started, err := managersOf(e)
	if err != nil {
		return err
	}
	larger := e.plan
	larger.Iris.Hugepages++
	if started.admit(pairPod("larger", larger)) == nil {
		return errors.New("a pair that asks for a page more than there are is admitted")
	}
	if started, err = managersOf(e); err != nil {
		return err
	}
	if err := started.admit(pairPod("first", e.plan)); err != nil {
		return err
	}
	if started.admit(pairPod("second", e.plan)) == nil {
		return errors.New("a second pair is admitted")
	}
	return nil
}
