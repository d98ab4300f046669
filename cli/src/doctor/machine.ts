/** Is this machine fit for a pair, whichever? */
import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { formatCpuList } from '@irispair/common/placement/cpu-list';
import type { NumaNode, Topology } from '@irispair/common/placement/topology';
import { availableKernels } from '@irispair/native/engine';
import { probeBinding } from '@irispair/native/process-binding';
import { formatBytes } from '../output/print.js';
import { fit, type Finding } from './finding.js';

type Version = readonly [number, number];

const LEAST_NODE: Version = [20, 20];
/** The first that populates a mapping and says so when a node lacks the pages. */
const LEAST_LINUX: Version = [5, 14];

/** Every finding, whatever the pair is to hold. */
export function examineMachine(topology: Topology): Finding[] {
  return [
    examineRuntime(),
    examineLinux(release()),
    examineKernel(),
    examineNodes(topology),
    ...topology.nodes.map(examineHugepages),
    examineHugetlbfs(),
    examineBinding(),
  ];
}

/** What holds of the program and its CPU, on any machine. */
export function examineRuntime(): Finding {
  const { node } = process.versions;
  if (isAtLeast(node, LEAST_NODE)) return fit('Node.js', node);
  const remedy = `install Node ${LEAST_NODE.join('.')} or later`;
  return { what: 'Node.js', fitness: 'unfit', found: node, remedy };
}

/** @param version as the kernel tells it, such as 6.1.0-31-cloud-amd64 */
export function examineLinux(version: string): Finding {
  if (isAtLeast(version, LEAST_LINUX)) return fit('Linux', version);
  return {
    what: 'Linux',
    fitness: 'degraded',
    found: `${version}, which cannot populate hugepages safely: the arenas lie on small pages`,
    remedy: `use Linux ${LEAST_LINUX.join('.')} or later`,
  };
}

/** The distance kernel that this CPU has. */
export function examineKernel(): Finding {
  const kernels = availableKernels();
  const found = kernels.join(', ');
  if (kernels.length > 1) return fit('distance kernel', found);
  const remedy = 'use a CPU with AVX2, AVX-512 VPOPCNTDQ or NEON';
  return { what: 'distance kernel', fitness: 'degraded', found, remedy };
}

function isAtLeast(version: string, [leastMajor, leastMinor]: Version): boolean {
  const [major, minor] = version.split('.').map((part) => parseInt(part, 10));
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}

function examineNodes({ nodes, allowedCpus }: Topology): Finding {
  const usable = nodes.filter(({ cpus }) => cpus.length > 0).length;
  const found = `${usable} with CPUs for this process (${formatCpuList(allowedCpus)})`;
  if (usable >= 2) return fit('NUMA nodes', found);
  const isConfined = nodes.filter(({ allCpus }) => allCpus.length > 0).length >= 2;
  return {
    what: 'NUMA nodes',
    fitness: 'degraded',
    found,
    remedy: isConfined
      ? 'this process is confined: in containers name both nodes, IRIS_MPC_NUMA_TOKIO_NODE and IRIS_MPC_NUMA_WORKER_NODE'
      : 'placement is shared: separation needs a machine with two nodes',
  };
}

function examineHugepages({ id, hugepages2Mb, freeBytes }: NumaNode): Finding {
  const { total, free } = hugepages2Mb;
  const what = `hugepages of node ${id}`;
  const found = `${free} of ${total} pages of 2 MiB free, ${formatBytes(freeBytes)} memory free`;
  if (free > 0) return fit(what, found);
  const remedy = `echo N > /sys/devices/system/node/node${id}/hugepages/hugepages-2048kB/nr_hugepages`;
  return { what, fitness: 'degraded', found, remedy };
}

function examineHugetlbfs(): Finding {
  const mounts = existsSync('/proc/mounts') ? readFileSync('/proc/mounts', 'utf8') : '';
  const places = mounts
    .split('\n')
    .flatMap((line) => (line.includes(' hugetlbfs ') ? [line.split(' ')[1]] : []));
  if (places.length > 0) return fit('hugetlbfs', places.join(', '));
  const remedy = 'mkdir -p /mnt/hugepages-2MB && mount -t hugetlbfs -o pagesize=2M none /mnt/hugepages-2MB';
  return { what: 'hugetlbfs', fitness: 'degraded', found: 'not mounted', remedy };
}

/** Whether this process may bind memory. */
export function examineBinding(): Finding {
  const { memoryRefused } = probeBinding();
  if (memoryRefused === '') return fit('binding memory', 'allowed');
  const remedy = 'grant CAP_SYS_NICE to the container';
  return { what: 'binding memory', fitness: 'degraded', found: memoryRefused, remedy };
}
