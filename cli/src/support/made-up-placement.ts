/** Placement reports of machines that the tests do not have. */
import * as placement from '@irispair/proto/placement';
import type { PlacementResponse } from '@irispair/proto/public';

export const MIB = 2 ** 20;
export const GIB = 2 ** 30;

/** Memory on nodes; nothing is reserved without being there. */
export function memory(nodes: Readonly<Record<number, number>>, interval = 1): placement.MemoryCount {
  return {
    nodes: Object.entries(nodes).map(([node, bytes]) => ({ node: Number(node), bytes })),
    notBackedBytes: 0,
    interval,
    unknown: '',
  };
}

/** Memory that the kernel does not tell of. */
export function untold(reason: string): placement.MemoryCount {
  return { nodes: [], notBackedBytes: 0, interval: 0, unknown: reason };
}

/** A thread that may run on the CPUs and ran on the last of those given. */
export function thread(
  threadId: number,
  name: string,
  allowedCpus: string,
  lastCpu: number,
  lastNode: number | undefined,
): placement.ThreadPlacement {
  return {
    threadId,
    name,
    allowedCpus,
    lastCpu,
    lastNode,
    cpuMigrations: 3,
    nodeMigrations: 0,
    voluntarySwitches: 100,
    involuntarySwitches: 7,
  };
}

/** The irises of one side. */
export function irises(
  use: placement.MemoryUse,
  count: placement.MemoryCount,
  segments: placement.ArenaSegment[] = [segment('hugetlbfs', 232 * MIB)],
): placement.MemoryPart {
  return { use, count, segments };
}

/** One segment of irises. */
export function segment(
  backing: 'hugetlbfs' | 'hugepages' | 'transparent' | 'plain',
  bytes: number,
  fallbacks: string[] = [],
): placement.ArenaSegment {
  const pageBytes = backing === 'hugetlbfs' || backing === 'hugepages' ? 2 * MIB : 4_096;
  return { backing, bytes, pageBytes, policy: 'bind', fallbacks };
}

const REASON = 'graph service on node 0, iris service on node 1, irises in the memory of node 1';

/** The graph service as it should be: on node 0 of four CPUs. */
export function graphService(more: Partial<placement.ServiceReport> = {}): placement.ServiceReport {
  return {
    service: 'graph',
    processId: 4_201,
    placement: 'split',
    reason: REASON,
    splitAsked: false,
    node: 0,
    cpus: '0-3',
    memoryNodes: [0],
    threads: [
      thread(4_201, 'node', '0-3', 0, 0),
      thread(4_202, 'node', '0-3', 1, 0),
      thread(4_203, 'node', '0-3', 1, 0),
      thread(4_204, 'node', '0-3', 3, 0),
    ],
    nodeMigrations: 0,
    ownMemory: memory({ 0: 190 * MIB, 1: 10 * MIB }),
    parts: [
      { use: placement.MemoryUse.GRAPH, count: memory({ 0: 120 * MIB }), segments: [] },
      { use: placement.MemoryUse.REST, count: memory({ 0: 70 * MIB, 1: 10 * MIB }), segments: [] },
    ],
    mappedFiles: memory({ 1: 48 * MIB }),
    residentBytes: 248 * MIB,
    cpuMicroseconds: 2_000_000,
    ...more,
  };
}

/** The iris service as it should be: on node 1 of four CPUs, its irises on hugepages. */
export function irisService(more: Partial<placement.ServiceReport> = {}): placement.ServiceReport {
  return {
    service: 'iris',
    processId: 4_101,
    placement: 'split',
    reason: REASON,
    splitAsked: false,
    node: 1,
    cpus: '4-7',
    memoryNodes: [1],
    threads: [
      thread(4_101, 'node', '4-7', 4, 1),
      thread(4_102, 'node', '4-7', 5, 1),
      thread(4_110, 'n1-left-0', '4', 4, 1),
      thread(4_111, 'n1-left-1', '5', 5, 1),
      thread(4_112, 'n1-right-0', '6', 6, 1),
      thread(4_113, 'n1-right-1', '7', 7, 1),
    ],
    nodeMigrations: 0,
    ownMemory: memory({ 1: 500 * MIB }),
    parts: [
      irises(placement.MemoryUse.LEFT_IRISES, memory({ 1: 232 * MIB })),
      irises(placement.MemoryUse.RIGHT_IRISES, memory({ 1: 232 * MIB })),
      { use: placement.MemoryUse.REST, count: memory({ 1: 36 * MIB }), segments: [] },
    ],
    mappedFiles: memory({ 1: 49 * MIB }),
    residentBytes: 549 * MIB,
    cpuMicroseconds: 9_000_000,
    ...more,
  };
}

/** A split pair on two nodes of four CPUs, all as it should be. */
export function twoNodes(more: Partial<PlacementResponse> = {}): PlacementResponse {
  return {
    nodes: [
      {
        node: 0,
        cpus: '0-3',
        memoryBytes: 16 * GIB,
        freeBytes: 9 * GIB,
        memoryAllowed: true,
        hugepagesTotal: 0,
        hugepagesFree: 0,
        distances: [10, 21],
      },
      {
        node: 1,
        cpus: '4-7',
        memoryBytes: 16 * GIB,
        freeBytes: 12 * GIB,
        memoryAllowed: true,
        hugepagesTotal: 512,
        hugepagesFree: 270,
        distances: [21, 10],
      },
    ],
    services: [graphService(), irisService()],
    irisAway: '',
    ...more,
  };
}

/** The pair of a machine with one node. */
export function oneNode(): PlacementResponse {
  const alike = {
    placement: 'shared',
    reason: 'both services share all nodes: 1 NUMA node has CPUs for this process, split needs 2',
    node: undefined,
    cpus: '0-3',
    memoryNodes: [],
  };
  const [node] = twoNodes().nodes;
  return {
    nodes: [{ ...node, distances: [10] }],
    services: [
      graphService({ ...alike, ownMemory: memory({ 0: 200 * MIB }), mappedFiles: memory({ 0: 48 * MIB }) }),
      irisService({
        ...alike,
        threads: [thread(4_101, 'node', '0-3', 2, 0), thread(4_110, 'nx-left-0', '0-3', 3, 0)],
        ownMemory: memory({ 0: 500 * MIB }),
        mappedFiles: memory({ 0: 49 * MIB }),
        parts: [
          irises(placement.MemoryUse.LEFT_IRISES, memory({ 0: 232 * MIB }), [
            segment('transparent', 232 * MIB),
          ]),
          irises(placement.MemoryUse.RIGHT_IRISES, memory({ 0: 232 * MIB }), [
            segment('transparent', 232 * MIB),
          ]),
          { use: placement.MemoryUse.REST, count: memory({ 0: 36 * MIB }), segments: [] },
        ],
      }),
    ],
    irisAway: '',
  };
}
