/** `doctor`: is this machine fit for a pair? */
import { existsSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { formatCpuList } from '@irispair/common/placement/cpu-list';
import type { Topology } from '@irispair/common/placement/topology';
import { availableKernels } from '@irispair/native/engine';
import { probeBinding } from '@irispair/native/process-binding';
import { readTopology } from '@irispair/native/topology';
import { formatBytes, formatOf, print, table } from '../output/print.js';
import { ExitCode } from './exit-code.js';
import { jsonOption } from './options.js';

/** How fit one thing is. */
type Fitness = 'fit' | 'degraded' | 'unfit';

interface Finding {
  readonly what: string;
  readonly fitness: Fitness;
  readonly found: string;
  readonly remedy: string;
}

const LEAST_NODE = [20, 20] as const;

/** Adds the command. */
export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('check nodes, hugepages, permissions and CPU; exit code 1 when the pair cannot run')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  irispair doctor --json')
    .action((options: { json?: boolean }) => {
      const findings = examine();
      if (formatOf(options) === 'json') print(JSON.stringify(findings));
      else print(table(['what', 'fitness', 'found', 'remedy'], findings.map(asRow)));
      process.exitCode = findings.some(({ fitness }) => fitness === 'unfit')
        ? ExitCode.Failed
        : ExitCode.Done;
    });
}

function asRow({ what, fitness, found, remedy }: Finding): string[] {
  return [what, fitness, found, remedy];
}

function examine(): Finding[] {
  const topology = readTopology();
  return [
    examineNode(),
    examineKernel(),
    examineNodes(topology),
    ...topology.nodes.map(examineHugepages),
    examineHugetlbfs(),
    examineBinding(),
  ];
}

function examineNode(): Finding {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const fit = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]);
  return {
    what: 'Node.js',
    fitness: fit ? 'fit' : 'unfit',
    found: process.versions.node,
    remedy: fit ? '' : `install Node ${LEAST_NODE.join('.')} or later`,
  };
}

function examineKernel(): Finding {
  const kernels = availableKernels();
  const fast = kernels.length > 1;
  return {
    what: 'distance kernel',
    fitness: fast ? 'fit' : 'degraded',
    found: kernels.join(', '),
    remedy: fast ? '' : 'use a CPU with AVX2, AVX-512 VPOPCNTDQ or NEON',
  };
}

function examineNodes({ nodes, allowedCpus }: Topology): Finding {
  const usable = nodes.filter(({ cpus }) => cpus.length > 0).length;
  return {
    what: 'NUMA nodes',
    fitness: usable >= 2 ? 'fit' : 'degraded',
    found: `${usable} with CPUs for this process (${formatCpuList(allowedCpus)})`,
    remedy: usable >= 2 ? '' : 'placement is shared: separation needs a machine with two nodes',
  };
}

function examineHugepages({ id, hugepages2Mb, freeBytes }: Topology['nodes'][number]): Finding {
  const { total, free } = hugepages2Mb;
  return {
    what: `hugepages of node ${id}`,
    fitness: free > 0 ? 'fit' : 'degraded',
    found: `${free} of ${total} pages of 2 MiB free, ${formatBytes(freeBytes)} memory free`,
    remedy:
      free > 0 ? '' : `echo N > /sys/devices/system/node/node${id}/hugepages/hugepages-2048kB/nr_hugepages`,
  };
}

function examineHugetlbfs(): Finding {
  const mounts = existsSync('/proc/mounts') ? readFileSync('/proc/mounts', 'utf8') : '';
  const places = mounts
    .split('\n')
    .flatMap((line) => (line.includes(' hugetlbfs ') ? [line.split(' ')[1]] : []));
  return {
    what: 'hugetlbfs',
    fitness: places.length > 0 ? 'fit' : 'degraded',
    found: places.join(', ') || 'not mounted',
    remedy:
      places.length > 0
        ? ''
        : 'mkdir -p /mnt/hugepages-2MB && mount -t hugetlbfs -o pagesize=2M none /mnt/hugepages-2MB',
  };
}

function examineBinding(): Finding {
  const { memoryRefused } = probeBinding();
  return {
    what: 'binding memory',
    fitness: memoryRefused === '' ? 'fit' : 'degraded',
    found: memoryRefused === '' ? 'allowed' : memoryRefused,
    remedy: memoryRefused === '' ? '' : 'grant CAP_SYS_NICE to the container',
  };
}
