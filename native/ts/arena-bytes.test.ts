import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PARTIES } from '@irispair/common/parties/party';
import { arenaHugepages, HUGEPAGE_BYTES } from './arena-bytes.js';
import { createEngine } from './engine.js';
import { IRIS_RECORD_BYTES, type ArenaPlacement, type EngineOptions } from './engine-types.js';
import { createSharedEngine } from './shared-engine.js';
import { SHARED_IRIS_RECORD_BYTES } from './shared-engine-types.js';

function options(initialCapacity: number): EngineOptions {
  const pool = { cpus: [0], node: null, pinned: false };
  return {
    left: pool,
    right: pool,
    arena: {
      policy: { kind: 'default' },
      fallbackNodes: [],
      hugepages: 'off',
      hugetlbfs: null,
      initialCapacity,
      growBy: 1,
      maximumCapacity: initialCapacity,
      strict: false,
    },
    kernel: null,
  };
}

function pagesOf({ left, right }: { left: ArenaPlacement; right: ArenaPlacement }): number {
  const bytes = [...left.segments, ...right.segments].reduce((sum, segment) => sum + segment.bytes, 0);
  return bytes / HUGEPAGE_BYTES;
}

describe('the memory of the arenas', () => {
  // 2 MiB hold 862 eyes in the clear, or 54 shares of one.
  for (const irises of [1, 862, 863, 1_724, 5_000]) {
    it(`is known in advance in plain mode, ${irises} irises`, async () => {
      const engine = createEngine(options(irises));
      assert.equal(pagesOf(engine.placement(false)), arenaHugepages(IRIS_RECORD_BYTES, irises));
      await engine.close();
    });
  }
  for (const irises of [1, 54, 55, 500]) {
    it(`is known in advance in secret-shared mode, ${irises} irises`, async () => {
      const engine = createSharedEngine({ ...options(irises), party: PARTIES[0] });
      assert.equal(pagesOf(engine.placement(false)), arenaHugepages(SHARED_IRIS_RECORD_BYTES, irises));
      await engine.close();
    });
  }
});
