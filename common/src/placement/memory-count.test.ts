import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addMemory, restOfMemory, unknownMemory } from './memory-count.js';
import type { MemoryCount } from './report.js';

function counted(nodes: Record<number, number>, notBackedBytes = 0, interval = 1): MemoryCount {
  const entries = Object.entries(nodes).map(([node, bytes]): [number, number] => [Number(node), bytes]);
  return { kind: 'counted', nodes: new Map(entries), notBackedBytes, interval };
}

describe('memory by node', () => {
  it('adds up node by node', () => {
    assert.deepEqual(
      addMemory([counted({ 0: 1, 3: 5 }, 2), counted({ 3: 7 }, 4, 16)]),
      counted({ 0: 1, 3: 12 }, 6, 16),
    );
    assert.deepEqual(addMemory([]), counted({}));
  });

  it('leaves what is in no part, never less than nothing', () => {
    assert.deepEqual(
      restOfMemory(counted({ 0: 10, 1: 5, 2: 3 }), counted({ 1: 7, 2: 2 })),
      counted({ 0: 10, 2: 1 }),
    );
  });

  it('is unknown where a part of it is', () => {
    const unknown = unknownMemory('refused');
    assert.deepEqual(addMemory([counted({ 0: 1 }), unknown]), unknown);
    assert.deepEqual(restOfMemory(counted({ 0: 1 }), unknown), unknown);
    assert.deepEqual(restOfMemory(unknown, counted({ 0: 1 })), unknown);
  });
});
