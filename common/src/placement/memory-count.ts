/** Arithmetic on memory by node. What is not known stays unknown. */
import type { MemoryCount } from './report.js';

/** Memory that was not counted. */
export function unknownMemory(reason: string): MemoryCount {
  return { kind: 'unknown', reason };
}

/** All of them together; unknown when one is. */
export function addMemory(counts: readonly MemoryCount[]): MemoryCount {
  const nodes = new Map<number, number>();
  let notBackedBytes = 0;
  let interval = 1;
  for (const count of counts) {
    if (count.kind === 'unknown') return count;
    for (const [node, bytes] of count.nodes) nodes.set(node, (nodes.get(node) ?? 0) + bytes);
    notBackedBytes += count.notBackedBytes;
    interval = Math.max(interval, count.interval);
  }
  return { kind: 'counted', nodes, notBackedBytes, interval };
}

/** What of `all` is not in `parts`. Both were counted one after the other: a node has at least nothing left. */
export function restOfMemory(all: MemoryCount, parts: MemoryCount): MemoryCount {
  if (all.kind === 'unknown') return all;
  if (parts.kind === 'unknown') return parts;
  const left = [...all.nodes].map(([node, bytes]): [number, number] => [
    node,
    Math.max(0, bytes - (parts.nodes.get(node) ?? 0)),
  ]);
  return {
    kind: 'counted',
    nodes: new Map(left.filter(([, bytes]) => bytes > 0)),
    notBackedBytes: 0,
    interval: parts.interval,
  };
}
