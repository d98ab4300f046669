/** Plans and instance types for people. */
import { formatBytes, table } from '../output/print.js';
import { expectedFacts, INSTANCE_TYPES, type InstanceType } from './instance-types.js';
import { hugepagesMebibytes, mostIrises, reservedMebibytes, type NodePlan } from './node-plan.js';

const MEBIBYTE = 2 ** 20;

/** A plan as tables. */
export function describePlan(plan: NodePlan): string {
  const { machine, graph, iris, reserved } = plan;
  const nodes = machine.nodes.map(({ id, cpus, memoryBytes }) => {
    const kept = reserved.memoryByNode.find(({ node }) => node === id)?.mebibytes ?? 0;
    const holds = [
      ...(id === graph.node ? ['graph service'] : []),
      ...(id === iris.node ? [`iris service, ${iris.hugepages} hugepages`] : []),
    ];
    return [String(id), String(cpus.length), formatBytes(memoryBytes), mebibytes(kept), holds.join(', ')];
  });
  const containers = [
    ['graph', String(graph.cpus), mebibytes(graph.memoryMebibytes), '0'],
    [
      'iris',
      String(iris.cpus),
      mebibytes(iris.memoryMebibytes),
      mebibytes(hugepagesMebibytes(iris.hugepages)),
    ],
  ];
  const kept = [
    ['kubeReserved', String(reserved.kubeCpus), mebibytes(reserved.kubeMebibytes)],
    ['systemReserved', String(reserved.systemCpus), mebibytes(reserved.systemMebibytes)],
    ['evictionHard', '', mebibytes(reserved.evictionMebibytes)],
    ['together', String(reserved.kubeCpus + reserved.systemCpus), mebibytes(reservedMebibytes(reserved))],
  ];
  const origin =
    machine.source === 'documentation'
      ? `${machine.name} as it is documented, not seen: compare with irispair nodes facts on a running one`
      : `${machine.name} as its kernel tells it`;
  return [
    `${plan.capacity} irises in ${plan.mode} mode on ${origin}`,
    table(['node', 'CPUs', 'memory', 'reserved', 'holds'], nodes),
    table(['container', 'CPUs', 'memory', 'hugepages-2Mi'], containers),
    table(['kept by the kubelet', 'CPUs', 'memory'], kept),
  ].join('\n\n');
}

/** What fits on one instance type. */
export interface Size extends InstanceType {
  /** The most irises in the clear; 0 when no pair fits. */
  readonly plain: number;
  /** The most irises whose shares one party holds. */
  readonly shared: number;
}

/** What fits on every listed instance type. */
export function sizes(): Size[] {
  return INSTANCE_TYPES.map((type) => {
    const machine = expectedFacts(type);
    return {
      ...type,
      plain: mostIrises({ machine, mode: 'plain' }),
      shared: mostIrises({ machine, mode: 'shared' }),
    };
  });
}

/** The columns of {@link sizeRow}. */
export const SIZE_HEAD = [
  'instance type',
  'architecture',
  'vCPUs',
  'NUMA nodes',
  'memory',
  'a node, at least',
  'irises, plain',
  'irises, shared',
] as const;

/** A size as a row: irises are rounded down to what is certain. */
export function sizeRow(size: Size): string[] {
  const [{ memoryBytes }] = expectedFacts(size).nodes;
  return [
    size.name,
    size.architecture,
    String(size.vcpus),
    String(size.numaNodes),
    `${size.memoryGib} GiB`,
    `${Math.floor(memoryBytes / MEBIBYTE / 1_024)} GiB`,
    millions(size.plain),
    millions(size.shared),
  ];
}

function millions(irises: number): string {
  return irises === 0 ? 'none' : `${(Math.floor(irises / 100_000) / 10).toFixed(1)} M`;
}

function mebibytes(count: number): string {
  return `${count} MiB`;
}
