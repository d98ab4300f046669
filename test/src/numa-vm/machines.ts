/**
 * The machines that are booted, and which scenarios run on each.
 *
 * All have four CPUs that are present, and what is told of them is what the guest's kernel finds by itself in the tables
 * of its firmware.
 */

/** A virtual machine. */
export interface Machine {
  readonly name: string;
  readonly description: string;
  /** Arguments for QEMU: CPUs, memory and nodes. */
  readonly topology: readonly string[];
  /** In the order in which they run. */
  readonly scenarios: readonly string[];
}

function memory(id: string, mebibytes: number): string[] {
  return ['-object', `memory-backend-ram,id=${id},size=${mebibytes}M`];
}

function numa(...options: readonly string[]): string[] {
  return options.flatMap((option) => ['-numa', option]);
}

/** A CPU that is there from the start, although others with a lower number are not. */
function present(socket: number): string[] {
  return ['-device', `max-x86_64-cpu,socket-id=${socket},core-id=0,thread-id=0`];
}

/** CPUs 0-1 and memory on node 0, CPUs 2-3 and memory on node 1. */
const TWO_NODES: readonly string[] = [
  ...['-smp', '4', '-m', '4096M', ...memory('m0', 2048), ...memory('m1', 2048)],
  ...numa('node,nodeid=0,memdev=m0,cpus=0-1', 'node,nodeid=1,memdev=m1,cpus=2-3', 'dist,src=0,dst=1,val=21'),
];

/** Every machine of the suite. Those that take longest come first. */
export const MACHINES: readonly Machine[] = [
  {
    name: 'two-nodes',
    description: 'CPUs 0-1 and memory on node 0, CPUs 2-3 and memory on node 1',
    topology: TWO_NODES,
    scenarios: ['split', 'after-kill', 'growth'],
  },
  {
    name: 'two-nodes-short-of-hugepages',
    description: 'two-nodes, with hugepages that are missing, too few or unwanted',
    topology: TWO_NODES,
    scenarios: [
      'no-hugetlbfs',
      'too-few-pages',
      'pages-on-the-wrong-node',
      'hugepages-off',
      'hugepages-required',
    ],
  },
  {
    name: 'two-nodes-confined',
    description: 'two-nodes, with services that may not have all of it',
    topology: TWO_NODES,
    scenarios: ['node-setup', 'cpuset', 'binding-forbidden', 'bound-by-cgroup'],
  },
  {
    name: 'gap-in-numbering',
    description:
      'nodes 0 and 2, CPUs 0,2 and 1,3; node 1 has a CPU that is absent, so the kernel leaves it out',
    // More than 8 possible CPUs: the kernel then addresses interrupts one by one. QEMU loses those for several CPUs behind
    // the number of an absent one.
    topology: [
      ...['-smp', '1,maxcpus=9,sockets=9,cores=1,threads=1', '-m', '3072M'],
      ...memory('m0', 1536),
      ...memory('m2', 1536),
      ...numa('node,nodeid=0,memdev=m0', 'node,nodeid=1', 'node,nodeid=2,memdev=m2'),
      ...numa(
        ...[0, 1, 2, 0, 2, 0, 0, 0, 0].map((node, socket) => `cpu,node-id=${node},socket-id=${socket}`),
      ),
      ...[2, 3, 4].flatMap(present),
      ...numa('dist,src=0,dst=1,val=31', 'dist,src=0,dst=2,val=21', 'dist,src=1,dst=2,val=31'),
    ],
    scenarios: ['gap-in-numbering'],
  },
  {
    name: 'node-without-cpus',
    description: 'all CPUs on node 0, node 1 has memory only',
    topology: [
      ...['-smp', '4', '-m', '3072M', ...memory('m0', 1536), ...memory('m1', 1536)],
      ...numa('node,nodeid=0,memdev=m0,cpus=0-3', 'node,nodeid=1,memdev=m1', 'dist,src=0,dst=1,val=21'),
    ],
    scenarios: ['node-without-cpus'],
  },
  {
    name: 'node-without-memory',
    description: 'CPUs 0-1 and all memory on node 0, CPUs 2-3 alone on node 1',
    topology: [
      ...['-smp', '4', '-m', '3072M', ...memory('m0', 3072)],
      ...numa('node,nodeid=0,memdev=m0,cpus=0-1', 'node,nodeid=1,cpus=2-3', 'dist,src=0,dst=1,val=21'),
    ],
    scenarios: ['node-without-memory'],
  },
  {
    name: 'one-node',
    description: 'four CPUs, no NUMA at all',
    topology: ['-smp', '4', '-m', '2048M'],
    scenarios: ['one-node'],
  },
];
