/**
 * What the iris service will take of memory, before it takes it.
 *
 * 1. Arenas: the first segment, and as many further ones as the stored irises need. What fits the free hugepages that are set
 *    aside is no part of any limit.
 * 2. Tables of pages, which the kernel counts as this process's: 8 bytes for each page of 4 KiB.
 * 3. Node: what this process takes now, and what it takes more at work.
 */
import type { Logger } from '@irispair/common/log/logger';
import { nodesOfPolicy } from '@irispair/common/placement/memory-policy';
import type { Topology } from '@irispair/common/placement/topology';
import {
  checkMemory,
  describeNeeds,
  inMebibytes,
  sumOf,
  type MemoryLimit,
  type MemoryNeed,
} from '@irispair/common/process/memory-limit';
import type { EngineOptions } from '@irispair/native/engine-types';

const HUGEPAGE_BYTES = 2 << 20;
const PAGE_BYTES = 4_096;
const PAGE_ENTRY_BYTES = 8;
/** More than a busy service was seen to take beyond what it takes at start: buffers of the hop, queries, the heap's growth. */
const WORK_BYTES = 128 << 20;
const REMEDY = 'allow more, or choose a smaller IRIS_STORE_INITIAL_CAPACITY; the arenas grow as irises come';

/** What decides it. */
export interface MemoryPlan {
  readonly arena: EngineOptions['arena'];
  /** Bytes of an iris's record. */
  readonly recordBytes: number;
  /** Serial ids in the store. */
  readonly stored: number;
  readonly topology: Topology;
  /** What this process takes now. */
  readonly residentBytes: number;
}

/** Irises that the arenas have place for once the store is loaded. */
export function capacityFor(
  { initialCapacity, growBy, maximumCapacity }: EngineOptions['arena'],
  stored: number,
): number {
  const first = Math.min(initialCapacity, maximumCapacity);
  const segments = Math.ceil(Math.max(0, stored - first) / growBy);
  return Math.min(first + segments * growBy, maximumCapacity);
}

/** What the process takes once the store is loaded, and at work. */
export function memoryNeeds(plan: MemoryPlan): MemoryNeed[] {
  const irises = capacityFor(plan.arena, plan.stored) * plan.recordBytes;
  const small = Math.max(0, irises - freeHugepageBytes(plan));
  return [
    { what: `place for ${capacityFor(plan.arena, plan.stored)} irises`, bytes: small },
    { what: "the kernel's tables of pages", bytes: Math.ceil(small / PAGE_BYTES) * PAGE_ENTRY_BYTES },
    { what: 'the process', bytes: plan.residentBytes },
  ];
}

/**
 * Sees that all of it fits, and says what it is. Arenas are populated at once: what does not fit would have the kernel kill this
 * process, or another.
 * @throws MisconfiguredError when it does not
 */
export function provideMemory(plan: MemoryPlan, limit: MemoryLimit, logger: Logger): void {
  const needs = memoryNeeds(plan);
  checkMemory(needs, limit, REMEDY);
  const atWork = [...needs, { what: 'work', bytes: WORK_BYTES }];
  const figures = {
    neededBytes: sumOf(atWork),
    limitBytes: limit.bytes,
    limitBy: limit.by,
    irisesWithinLimit: irisesWithin(plan, limit.bytes - WORK_BYTES),
  };
  if (sumOf(atWork) <= limit.bytes) {
    logger.info(figures, `memory: ${describeNeeds(atWork)}`);
    return;
  }
  logger.warn(
    figures,
    `memory may not do: ${describeNeeds(atWork)}, and ${limit.by} has ${inMebibytes(limit.bytes)}: allow more`,
  );
}

/** How many irises can come before the limit does. */
function irisesWithin(plan: MemoryPlan, bytes: number): number {
  const record = plan.recordBytes * (1 + PAGE_ENTRY_BYTES / PAGE_BYTES);
  const forIrises = Math.max(0, bytes - plan.residentBytes) + freeHugepageBytes(plan);
  return Math.min(plan.arena.maximumCapacity, Math.floor(forIrises / record));
}

function freeHugepageBytes({ arena, topology }: MemoryPlan): number {
  if (arena.hugepages === 'off') return 0;
  const named = nodesOfPolicy(arena.policy);
  const allowed = [...named, ...arena.fallbackNodes];
  const nodes = topology.nodes.filter(({ id }) => named.length === 0 || allowed.includes(id));
  return nodes.reduce((sum, { hugepages2Mb }) => sum + hugepages2Mb.free * HUGEPAGE_BYTES, 0);
}
