/** What the kernel says about nodes, CPUs and memory, cut down to what this process may use. */

/** 2 MiB hugepages of one node. */
export interface HugepageCount {
  readonly total: number;
  readonly free: number;
}

/** One NUMA node. */
export interface NumaNode {
  /** As the kernel numbers it; numbering may have gaps. */
  readonly id: number;
  /** CPUs of the node that this process may run on, ascending; may be empty. */
  readonly cpus: readonly number[];
  /** CPUs of the node, this process's or not. */
  readonly allCpus: readonly number[];
  /** Whether this process may take memory from it. */
  readonly memoryAllowed: boolean;
  readonly memoryBytes: number;
  readonly freeBytes: number;
  readonly hugepages2Mb: HugepageCount;
  /** Distance to each node, in the order of {@link Topology.nodes}; 10 is local. */
  readonly distances: readonly number[];
}

/** The machine as this process may use it. */
export interface Topology {
  /** Ascending by id. */
  readonly nodes: readonly NumaNode[];
  readonly allowedCpus: readonly number[];
  readonly allowedMemoryNodes: readonly number[];
}
