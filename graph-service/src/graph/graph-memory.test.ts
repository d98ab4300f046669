import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { serialId, version } from '@irispair/common/ids/vector-id';
import { Side, SIDES } from '@irispair/common/iris/side';
import { addNode, setRow } from '../support/graphs.js';
import { GraphMemory, type GraphChunk } from './graph-memory.js';
import { NodeState, unpackNode, UNKNOWN_NODE } from './graph-node.js';

const ROW_LIMIT = 5;
/** Serial ids in several chunks. */
const SERIAL = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 16_380, max: 16_390 }));
const LAYER = fc.integer({ min: 0, max: 3 });

const CHANGE = fc.oneof(
  fc.record({
    kind: fc.constant('node' as const),
    serial: SERIAL,
    state: fc.constantFrom(NodeState.Live, NodeState.Deleted),
    version: fc.integer({ min: 0, max: 0xffff }),
    layer: LAYER,
  }),
  fc.record({
    kind: fc.constant('row' as const),
    serial: SERIAL,
    side: fc.constantFrom(...SIDES),
    layer: LAYER,
    neighbours: fc.array(fc.integer({ min: 1, max: 0xffff_ffff }), { maxLength: ROW_LIMIT }),
  }),
);

describe('the graph in shared memory', () => {
  it('is the same for its writer and for everybody who was given its pieces', () => {
    fc.assert(
      fc.property(fc.array(CHANGE, { maxLength: 60 }), (changes) => {
        const chunks: GraphChunk[] = [];
        const reader = new GraphMemory(ROW_LIMIT);
        const writer = new GraphMemory(ROW_LIMIT, (chunk) => {
          chunks.push(chunk);
          reader.adopt(chunk);
        });
        const nodes = new Map<number, unknown>();
        const rows = new Map<string, { side: Side; layer: number; serial: number; neighbours: number[] }>();
        for (const change of changes) {
          const { serial } = change;
          if (change.kind === 'node') {
            const node = { state: change.state, version: version(change.version), layer: change.layer };
            writer.setNode(serialId(serial), node);
            nodes.set(serial, node);
          } else {
            setRow(writer, change.side, change.layer, serial, change.neighbours);
            rows.set(`${change.side}/${change.layer}/${serial}`, change);
          }
        }
        const late = new GraphMemory(ROW_LIMIT);
        for (const chunk of chunks) late.adopt(chunk);
        for (const memory of [writer, reader, late]) {
          for (const [serial, node] of nodes) {
            assert.deepEqual(memory.node(serial), node);
            assert.deepEqual(unpackNode(memory.nodeWord(serial)), node);
            assert.ok(serial < memory.bound);
          }
          for (const { side, layer, serial, neighbours } of rows.values()) {
            assert.deepEqual([...memory.neighbours(side, layer, serial)], neighbours);
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it('knows nothing of serial ids that it was never told', () => {
    const memory = new GraphMemory(ROW_LIMIT);
    assert.deepEqual([memory.bound, memory.nodeWord(1)], [0, 0]);
    addNode(memory, 3);
    for (const serial of [1, 4, 0xffff_ffff]) {
      assert.deepEqual(memory.node(serial), UNKNOWN_NODE);
      for (const layer of [0, 1]) assert.deepEqual([...memory.neighbours(Side.Left, layer, serial)], []);
    }
  });

  it('has rows in an upper layer for more nodes than one piece holds', () => {
    const reader = new GraphMemory(ROW_LIMIT);
    const memory = new GraphMemory(ROW_LIMIT, (chunk) => {
      reader.adopt(chunk);
    });
    const PEOPLE = 1_200;
    for (let serial = 1; serial <= PEOPLE; serial++) setRow(memory, Side.Right, 1, serial, [serial + 1]);
    setRow(memory, Side.Right, 1, 1, [7]);
    for (let serial = 2; serial <= PEOPLE; serial++) {
      assert.deepEqual([...reader.neighbours(Side.Right, 1, serial)], [serial + 1]);
    }
    assert.deepEqual([...reader.neighbours(Side.Right, 1, 1)], [7]);
  });

  it('takes no more memory for rows that it has already', () => {
    let pieces = 0;
    const memory = new GraphMemory(ROW_LIMIT, () => {
      pieces += 1;
    });
    for (const layer of [0, 1]) setRow(memory, Side.Left, layer, 1, [2]);
    const taken = pieces;
    for (let again = 0; again < 2_000; again++) {
      for (const layer of [0, 1]) setRow(memory, Side.Left, layer, 1, [again]);
    }
    assert.equal(pieces, taken);
  });

  it('refuses a row that does not fit', () => {
    const memory = new GraphMemory(ROW_LIMIT);
    addNode(memory, 1);
    setRow(memory, Side.Left, 0, 1, [2]);
    assert.throws(() => {
      setRow(memory, Side.Left, 0, 1, [1, 2, 3, 4, 5, 6]);
    }, /6 neighbours do not fit a row of 5/);
    assert.deepEqual([...memory.neighbours(Side.Left, 0, 1)], [2]);
  });
});
