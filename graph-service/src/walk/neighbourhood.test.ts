import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { packVectorIds } from '@irispair/common/ids/vector-id';
import { idOf } from '../support/ids.js';
import { RankedNodes } from './neighbourhood.js';

interface Candidate {
  readonly serial: number;
  readonly distance: number;
}

/** What the far end would answer: it keeps distances, sorts and cuts. */
class SortAndCut {
  ranked: readonly Candidate[] = [];

  constructor(private readonly ef: number) {}

  enter(batch: readonly Candidate[]): Buffer {
    this.ranked = [...this.ranked, ...batch].sort((a, b) => a.distance - b.distance).slice(0, this.ef);
    const pairs = this.ranked.flatMap((one, rank) => (batch.includes(one) ? [batch.indexOf(one), rank] : []));
    return Buffer.from(Uint32Array.from(pairs).buffer);
  }
}

function packed(batch: readonly Candidate[]): Buffer {
  return packVectorIds(batch.map(({ serial }) => idOf(serial, serial % 7)));
}

/** Serial ids that are opened, in order. */
function openAll(nodes: RankedNodes, within: number): number[] {
  const opened: number[] = [];
  for (let next = nodes.openNext(within); next !== undefined; next = nodes.openNext(within))
    opened.push(next);
  return opened;
}

const BATCHES = fc.array(fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 20 }), { maxLength: 8 });
const EF = fc.integer({ min: 1, max: 30 });

/** Gives every drawn distance a serial id of its own. */
function withSerials(batches: readonly (readonly number[])[]): Candidate[][] {
  let serial = 0;
  return batches.map((batch) => batch.map((distance) => ({ serial: ++serial, distance })));
}

describe("the walk's neighbourhood", () => {
  it('equals sorting and cutting everything met, though it is told ranks alone', () => {
    fc.assert(
      fc.property(BATCHES, EF, (distances, ef) => {
        const nodes = new RankedNodes(ef);
        const reference = new SortAndCut(ef);
        for (const batch of withSerials(distances)) {
          nodes.apply(packed(batch), reference.enter(batch));
          const expected = reference.ranked.flatMap(({ serial }) => [serial, serial % 7]);
          assert.deepEqual([...nodes.pack()], expected);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('opens each node once, nearest first, whatever enters between, until another layer begins', () => {
    fc.assert(
      fc.property(BATCHES, EF, (distances, ef) => {
        const nodes = new RankedNodes(ef);
        const reference = new SortAndCut(ef);
        const opened = new Set<number>();
        for (const batch of withSerials(distances)) {
          nodes.apply(packed(batch), reference.enter(batch));
          const expected = reference.ranked
            .map(({ serial }) => serial)
            .filter((serial) => !opened.has(serial));
          const now = openAll(nodes, ef);
          assert.deepEqual(now, expected);
          for (const serial of now) opened.add(serial);
        }
        nodes.closeAll();
        assert.deepEqual(
          openAll(nodes, ef),
          reference.ranked.map(({ serial }) => serial),
        );
      }),
    );
  });

  it('opens the front alone where only the front guides', () => {
    const nodes = new RankedNodes(10);
    const reference = new SortAndCut(10);
    const [batch] = withSerials([[5, 3, 1, 4, 2]]);
    nodes.apply(packed(batch), reference.enter(batch));
    assert.deepEqual(openAll(nodes, 2), [3, 5]);
  });
});
