import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Side } from '@irispair/common/iris/side';
import { NO_RUN_NAMES } from '../agreement/run-names.js';
import { GraphMemory } from '../graph/graph-memory.js';
import { ROW_LIMIT_FACTOR, type GraphParameters } from '../graph/parameters.js';
import { addNode, deleteNode } from '../support/graphs.js';
import { idOf, serials } from '../support/ids.js';
import { NumberLine, scattered, type PlaceOf } from '../support/number-line.js';
import { rowLimitFor } from './graph-index.js';
import { Linker } from './linker.js';

const TERMS = { rotationReach: 5, matchLimit: 16_384 };

/** One layer of one side under construction. Every newcomer is offered everybody who lives. */
class Layer {
  readonly memory: GraphMemory;
  readonly hop: NumberLine;
  readonly changed = new Set<number>();
  private readonly linker: Linker;
  private live: number[] = [];
  private last = 0;

  constructor(
    readonly placeOf: PlaceOf,
    readonly parameters: GraphParameters,
    private readonly layer = 0,
  ) {
    this.memory = new GraphMemory(rowLimitFor(1, parameters));
    this.hop = new NumberLine(placeOf);
    this.linker = new Linker(this.memory, this.hop, TERMS, (_, __, serial) => this.changed.add(serial));
  }

  get everybody(): readonly number[] {
    return this.live;
  }

  /** Links newcomers, all in one batch; returns their serial ids. */
  async add(count: number): Promise<number[]> {
    const newcomers = serials(count).map((index) => this.last + index);
    this.last += count;
    for (const serial of newcomers) addNode(this.memory, serial, this.layer);
    const orders = newcomers.map((serial) => ({ id: idOf(serial), near: this.live }));
    await this.linker.link(Side.Left, this.layer, orders, this.parameters, NO_RUN_NAMES);
    this.live = [...this.live, ...newcomers];
    return newcomers;
  }

  async remove(serial: number): Promise<void> {
    deleteNode(this.memory, serial);
    this.live = this.live.filter((other) => other !== serial);
    await this.linker.unlink(Side.Left, this.layer, serial, this.parameters, NO_RUN_NAMES);
  }

  row(serial: number): number[] {
    return [...this.memory.neighbours(Side.Left, this.layer, serial)];
  }

  rows(): Map<number, number[]> {
    return new Map(serials(this.last).map((serial) => [serial, this.row(serial)]));
  }

  nearest(serial: number, others: readonly number[], most: number): number[] {
    return this.hop.nearest(this.placeOf(serial), others, most);
  }
}

/** Linking restated over plain lists. */
function restated(layer: Layer, before: ReadonlyMap<number, number[]>, newcomers: readonly number[]) {
  const { m, mMax } = layer.parameters;
  const older = layer.everybody.filter((serial) => !newcomers.includes(serial));
  const rows = new Map(before);
  newcomers.forEach((serial, index) => {
    rows.set(serial, layer.nearest(serial, [...older, ...newcomers.slice(0, index)], m));
  });
  const chosen = newcomers.map((serial): [number, readonly number[]] => [serial, rows.get(serial) ?? []]);
  for (const [serial, neighbours] of chosen) {
    for (const neighbour of neighbours) {
      rows.set(neighbour, [...new Set([...(rows.get(neighbour) ?? []), serial])]);
    }
  }
  for (const [serial, row] of rows) {
    if (row.length > mMax * ROW_LIMIT_FACTOR) rows.set(serial, layer.nearest(serial, row, mMax));
  }
  return rows;
}

const BATCHES = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 });
const SMALL = fc.record({ m: fc.integer({ min: 1, max: 6 }), mMax: fc.integer({ min: 6, max: 10 }) });

describe('the linker', () => {
  it('does what its three steps say, batch after batch', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), BATCHES, SMALL, async (seed, batches, small) => {
        const layer = new Layer(scattered(seed), { ...small, ef: 10 });
        for (const count of batches) {
          const before = layer.rows();
          const newcomers = await layer.add(count);
          const after = layer.rows();
          assert.deepEqual(after, restated(layer, before, newcomers));
          for (const [serial, row] of after) {
            assert.ok(row.length <= small.mMax * ROW_LIMIT_FACTOR);
            assert.equal(new Set(row).size, row.length);
            assert.ok(!row.includes(serial));
          }
          const rewritten = [...after].filter(
            ([serial, row]) => String(row) !== String(before.get(serial) ?? []),
          );
          assert.ok(rewritten.every(([serial]) => layer.changed.has(serial)));
          assert.equal(layer.hop.openSearches, 0);
        }
      }),
    );
  });

  it('links both ways as long as no row outgrows its limit', async () => {
    const layer = new Layer(scattered(1), { m: 4, mMax: 100, ef: 10 });
    for (let batch = 0; batch < 6; batch++) await layer.add(8);
    for (const [serial, row] of layer.rows()) {
      for (const neighbour of row) assert.ok(layer.row(neighbour).includes(serial));
    }
  });

  it('lets the nearest into a full row, however many come at once', async () => {
    // Each lives so much nearer to person 1 than the one before that person 1 is the nearest to everybody.
    const layer = new Layer((serial) => (serial === 1 ? 0 : 3 ** (32 - serial)), { m: 1, mMax: 10, ef: 10 });
    await layer.add(1);
    const newcomers = await layer.add(30);
    assert.deepEqual(layer.row(1), newcomers.reverse().slice(0, 10));
  });

  it('keeps upper layers apart from the bottom one', async () => {
    const layer = new Layer(scattered(1), { m: 3, mMax: 6, ef: 10 }, 2);
    await layer.add(5);
    assert.ok(layer.row(1).length > 0);
    assert.deepEqual([...layer.memory.neighbours(Side.Left, 0, 1)], []);
    assert.deepEqual([...layer.memory.neighbours(Side.Right, 2, 1)], []);
  });
});

describe('unlinking', () => {
  it("takes the node out of its former neighbours' rows and gives them each other", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), BATCHES, SMALL, fc.nat(), async (seed, batches, small, pick) => {
        const layer = new Layer(scattered(seed), { ...small, ef: 10 });
        for (const count of batches) await layer.add(count);
        const gone = layer.everybody[pick % layer.everybody.length];
        const before = layer.rows();
        await layer.remove(gone);
        const former = before.get(gone) ?? [];
        assert.deepEqual(layer.row(gone), []);
        for (const [serial, row] of before) {
          if (serial === gone) continue;
          if (!former.includes(serial)) {
            assert.deepEqual(layer.row(serial), row);
            continue;
          }
          const candidates = new Set([...row, ...former]);
          candidates.delete(gone);
          candidates.delete(serial);
          assert.deepEqual(layer.row(serial), layer.nearest(serial, [...candidates], small.mMax));
          assert.ok(layer.changed.has(serial));
        }
        assert.equal(layer.hop.openSearches, 0);
      }),
    );
  });

  it('keeps a chain together when its middle goes', async () => {
    const layer = new Layer((serial) => serial, { m: 1, mMax: 4, ef: 10 });
    for (let person = 0; person < 3; person++) await layer.add(1);
    assert.deepEqual(layer.row(2), [1, 3]);
    await layer.remove(2);
    assert.deepEqual([layer.row(1), layer.row(3)], [[3], [1]]);
  });

  it('leaves out neighbours that are deleted themselves', async () => {
    const layer = new Layer((serial) => serial, { m: 3, mMax: 6, ef: 10 });
    await layer.add(4);
    deleteNode(layer.memory, 1);
    await layer.remove(2);
    assert.deepEqual([layer.row(3), layer.row(4)], [[4], [3]]);
  });
});
