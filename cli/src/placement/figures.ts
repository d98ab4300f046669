/** What tables and plots ask of a placement report. */
import * as placement from '@irispair/proto/placement';
import type { PlacementResponse } from '@irispair/proto/public';

/** What a part of the memory is called. */
export const PART_NAME: Readonly<Record<placement.MemoryUse, string>> = {
  [placement.MemoryUse.UNSPECIFIED]: 'unnamed',
  [placement.MemoryUse.LEFT_IRISES]: 'left irises',
  [placement.MemoryUse.RIGHT_IRISES]: 'right irises',
  [placement.MemoryUse.GRAPH]: 'graph',
  [placement.MemoryUse.REST]: 'rest',
};

/** Size of the hugepages that nodes are asked for, bytes. */
export const HUGEPAGE_BYTES = 2 << 20;

/** Whether a segment lies on reserved hugepages; transparent ones may be split at any time and do not count. */
export function isOnHugepages({ backing }: placement.ArenaSegment): boolean {
  return backing === 'hugetlbfs' || backing === 'hugepages';
}

/** Whether the figures of a count could be had. */
export function isKnown(count: placement.MemoryCount | undefined): count is placement.MemoryCount {
  return count?.unknown === '';
}

/** Why the figures of a count could not be had. */
export function whyUnknown(count: placement.MemoryCount | undefined): string {
  return count?.unknown ?? 'the service did not say';
}

/** Bytes on one node; 0 when not known. */
export function bytesOn(count: placement.MemoryCount | undefined, node: number): number {
  return count?.nodes.find((one) => one.node === node)?.bytes ?? 0;
}

/** Bytes on all nodes; 0 when not known. */
export function bytesOf(count: placement.MemoryCount | undefined): number {
  return count?.nodes.reduce((sum, { bytes }) => sum + bytes, 0) ?? 0;
}

/** What is told of a service's own memory on one node: the whole, or what is known of its parts. */
export function ownBytesOn({ ownMemory, parts }: placement.ServiceReport, node: number): number {
  if (isKnown(ownMemory)) return bytesOn(ownMemory, node);
  return parts.reduce((sum, { count }) => sum + bytesOn(count, node), 0);
}

/** What is not known of a service's own memory, and why, once for each reason; empty when all is. */
export function unknownMemory({ ownMemory, parts }: placement.ServiceReport): string[] {
  const missing = parts.filter(({ count }) => !isKnown(count));
  const reasons = new Map<string, string[]>();
  for (const { use, count } of missing) {
    const reason = whyUnknown(count);
    reasons.set(reason, [...(reasons.get(reason) ?? []), PART_NAME[use]]);
  }
  if (missing.length === 0 && !isKnown(ownMemory)) reasons.set(whyUnknown(ownMemory), ['all of its own']);
  return Array.from(reasons, ([reason, names]) => `${names.join(', ')} not told: ${reason}`);
}

/** The parts that hold irises. */
export function irisParts({ parts }: placement.ServiceReport): placement.MemoryPart[] {
  return parts.filter(
    ({ use }) => use === placement.MemoryUse.LEFT_IRISES || use === placement.MemoryUse.RIGHT_IRISES,
  );
}

/** Nodes on which memory of this service is local: the one of its threads, and those whose memory it asks for. */
export function localNodes({ node, memoryNodes }: placement.ServiceReport): number[] {
  return [...new Set([...(node === undefined ? [] : [node]), ...memoryNodes])].sort((a, b) => a - b);
}

/** Hugepages of one node that hold irises; null when it is not known where the irises are. */
export function hugepagesOfIrises({ services }: PlacementResponse, node: number): number | null {
  let bytes = 0;
  for (const part of services.flatMap(irisParts)) {
    if (!part.segments.some(isOnHugepages)) continue;
    if (!isKnown(part.count)) return null;
    const huge = part.segments.filter(isOnHugepages).reduce((sum, segment) => sum + segment.bytes, 0);
    bytes += Math.min(huge, bytesOn(part.count, node));
  }
  return Math.round(bytes / HUGEPAGE_BYTES);
}

/** Threads of a service that ran last on a CPU. */
export function threadsOn({ threads }: placement.ServiceReport, cpu: number): placement.ThreadPlacement[] {
  return threads.filter(({ lastCpu }) => lastCpu === cpu);
}

/** Moves between CPUs of all threads; null where the kernel does not count them. */
export function cpuMigrations({ threads }: placement.ServiceReport): number | null {
  let moves = 0;
  for (const { cpuMigrations: counted } of threads) {
    if (counted === undefined) return null;
    moves += counted;
  }
  return moves;
}

/** Names with how often each occurs: `node x 5, n1-left-0`. */
export function namesOf(threads: readonly placement.ThreadPlacement[]): string {
  const counts = new Map<string, number>();
  for (const { name } of threads) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => (count === 1 ? name : `${name} x ${count}`)).join(', ');
}

/** A share for people, never rounded up to a limit that it misses. */
export function formatShare(share: number): string {
  return `${(Math.floor(share * 1_000) / 10).toFixed(1)} %`;
}
