// The plan as `irispair nodes plan --json` writes it, and the machine that the kubelet would find.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	cadvisorapi "github.com/google/cadvisor/info/v1"
)

const (
	kibibyte         = 1 << 10
	mebibyte         = 1 << 20
	hugepageKibibyte = 2 << 10
)

type container struct {
	Node            int   `json:"node"`
	CPUs            int   `json:"cpus"`
	MemoryMebibytes int64 `json:"memoryMebibytes"`
	Hugepages       int64 `json:"hugepages"`
}

type plan struct {
	Machine struct {
		ThreadsPerCore int `json:"threadsPerCore"`
		Nodes          []struct {
			ID          int    `json:"id"`
			CPUs        []int  `json:"cpus"`
			MemoryBytes uint64 `json:"memoryBytes"`
		} `json:"nodes"`
	} `json:"machine"`
	Graph container `json:"graph"`
	Iris  container `json:"iris"`
}

func readPlan(path string) (plan, error) {
	var read plan
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &read)
	}
	if err == nil && len(read.Machine.Nodes) < 2 {
		err = fmt.Errorf("%s: %d nodes", path, len(read.Machine.Nodes))
	}
	return read, err
}

// The machine after its pages were reserved: all on the iris node. The second threads of a node's cores follow its first ones.
func (p plan) machineInfo() *cadvisorapi.MachineInfo {
	info := &cadvisorapi.MachineInfo{}
	for _, node := range p.Machine.Nodes {
		pages := uint64(0)
		if node.ID == p.Iris.Node {
			pages = uint64(p.Iris.Hugepages)
		}
		cores := len(node.CPUs) / p.Machine.ThreadsPerCore
		found := cadvisorapi.Node{
			Id:        node.ID,
			Memory:    node.MemoryBytes,
			HugePages: []cadvisorapi.HugePagesInfo{{PageSize: hugepageKibibyte, NumPages: pages}},
		}
		for core := range cores {
			var threads []int
			for thread := range p.Machine.ThreadsPerCore {
				threads = append(threads, node.CPUs[thread*cores+core])
			}
			found.Cores = append(found.Cores, cadvisorapi.Core{
				Id: core, Threads: threads, SocketID: node.ID,
				UncoreCaches: []cadvisorapi.Cache{{Id: node.ID, Level: 3}},
			})
		}
		info.Topology = append(info.Topology, found)
		info.NumCores += len(node.CPUs)
		info.NumPhysicalCores += cores
		info.NumSockets++
		info.MemoryCapacity += node.MemoryBytes
	}
	return info
}
