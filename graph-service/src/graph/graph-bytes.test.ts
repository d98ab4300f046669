import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { serialId, version } from '@irispair/common/ids/vector-id';
import { SIDES } from '@irispair/common/iris/side';
import { expectedGraphBytes } from './graph-bytes.js';
import { GraphMemory } from './graph-memory.js';
import { NodeState } from './graph-node.js';
import { layerOf } from './layers.js';

const KEY = Buffer.alloc(32, 7);

describe('the memory of the graphs', () => {
  for (const [irises, m, rowLimit] of [
    [100, 16, 40],
    [16_384, 32, 80],
    [40_000, 8, 24],
  ] as const) {
    it(`is known in advance, ${irises} irises with rows of ${rowLimit}`, () => {
      const memory = new GraphMemory(rowLimit);
      for (let serial = 1; serial <= irises; serial++) {
        const id = { serialId: serialId(serial), version: version(0) };
        const layer = layerOf(id, KEY, m);
        memory.setNode(id.serialId, { state: NodeState.Live, version: id.version, layer });
        for (const side of SIDES) {
          for (let at = 0; at <= layer; at++) memory.setNeighbours(side, at, id.serialId, []);
        }
      }
      const bytes = memory.arrays().reduce((sum, { byteLength }) => sum + byteLength, 0);
      const expected = expectedGraphBytes(irises, m, rowLimit);
      assert.ok(Math.abs(bytes / expected - 1) < 0.15, `${bytes} bytes, ${expected} expected`);
    });
  }
});
