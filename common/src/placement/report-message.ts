/** Placement reports as messages hold them, in the public API and in the hop alike. */
import * as wire from '@irispair/proto/placement';
import { formatCpuList } from './cpu-list.js';
import type { MemoryCount, MemoryPart, MemoryUse, ServiceReport, ThreadReport } from './report.js';
import type { NumaNode } from './topology.js';

const USE: Readonly<Record<MemoryUse, wire.MemoryUse>> = {
  'left irises': wire.MemoryUse.LEFT_IRISES,
  'right irises': wire.MemoryUse.RIGHT_IRISES,
  graph: wire.MemoryUse.GRAPH,
  rest: wire.MemoryUse.REST,
};

/** A node for a message. */
export function nodeMessage(node: NumaNode): wire.Node {
  return {
    node: node.id,
    cpus: formatCpuList(node.allCpus),
    memoryBytes: node.memoryBytes,
    freeBytes: node.freeBytes,
    memoryAllowed: node.memoryAllowed,
    hugepagesTotal: node.hugepages2Mb.total,
    hugepagesFree: node.hugepages2Mb.free,
    distances: [...node.distances],
  };
}

/** A report for a message. */
export function serviceReportMessage(report: ServiceReport): wire.ServiceReport {
  const { memory, threads, node, cpus, memoryNodes, ...figures } = report;
  return {
    ...figures,
    node: node ?? undefined,
    cpus: formatCpuList(cpus),
    memoryNodes: [...memoryNodes],
    threads: threads.map(threadMessage),
    ownMemory: countMessage(memory.own),
    parts: memory.parts.map(partMessage),
    mappedFiles: countMessage(memory.mappedFiles),
  };
}

function threadMessage({ lastNode, cpuMigrations, ...figures }: ThreadReport): wire.ThreadPlacement {
  return { ...figures, lastNode: lastNode ?? undefined, cpuMigrations: cpuMigrations ?? undefined };
}

function partMessage({ use, count, segments }: MemoryPart): wire.MemoryPart {
  return {
    use: USE[use],
    count: countMessage(count),
    segments: segments.map(({ fallbacks, ...segment }) => ({ ...segment, fallbacks: [...fallbacks] })),
  };
}

function countMessage(count: MemoryCount): wire.MemoryCount {
  if (count.kind === 'unknown') {
    return { nodes: [], notBackedBytes: 0, interval: 0, unknown: count.reason };
  }
  const nodes = [...count.nodes]
    .map(([node, bytes]) => ({ node, bytes }))
    .sort((one, other) => one.node - other.node);
  return { nodes, notBackedBytes: count.notBackedBytes, interval: count.interval, unknown: '' };
}
