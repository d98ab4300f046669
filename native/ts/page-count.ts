/** On which nodes the pages of memory lie, whose addresses only the addon knows. */
import { unknownMemory } from '@irispair/common/placement/memory-count';
import type { MemoryCount } from '@irispair/common/placement/report';
import { binding } from './binding.js';
import type { PageCount } from './engine-types.js';

/** Counts all pages that hold some of the arrays; one that several share is counted once. */
export function countMemoryOf(arrays: readonly ArrayBufferView[]): MemoryCount {
  const { pages, pageBytes } = binding.countPages(
    arrays.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength)),
  );
  return inBytes(pages, pageBytes);
}

/** A count of pages in bytes. */
export function inBytes(count: PageCount, pageBytes: number): MemoryCount {
  if (count.refused !== '') {
    const remedy = count.refused === 'Operation not permitted' ? ' (containers need CAP_SYS_NICE)' : '';
    return unknownMemory(`move_pages was refused: ${count.refused}${remedy}`);
  }
  return {
    kind: 'counted',
    nodes: new Map(count.nodes.map(([node, pages]) => [node, pages * pageBytes])),
    notBackedBytes: count.notBacked * pageBytes,
    interval: count.interval,
  };
}
