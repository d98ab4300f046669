import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { VectorId } from '@irispair/common/ids/vector-id';
import { Orientation, Side } from '@irispair/common/iris/side';
import { idOf } from '../support/ids.js';
import type { SearchResult } from '../walk/order.js';
import type { Sighting } from './decision.js';
import { sightings, type CompareDirectly } from './sightings.js';

interface Compared {
  readonly side: Side;
  readonly orientation: Orientation;
  readonly serials: readonly number[];
}

/** A search that found these in order, the first of them matches. */
function found(serials: readonly number[], matchCount: number): SearchResult {
  return {
    neighbours: serials.map((serial) => idOf(serial)),
    matchCount,
    hops: 1,
    candidates: serials.length,
    times: { started: 0, finished: 0, onHop: 0 },
  };
}

const NOTHING = found([], 0);

/** What truly matches, and a comparison that knows it. */
class Truth {
  readonly asked: Compared[] = [];

  constructor(private readonly matching: (side: Side, orientation: Orientation, serial: number) => boolean) {}

  readonly compare: CompareDirectly = (side, orientation, ids) => {
    const serials = ids.map(({ serialId }) => serialId);
    this.asked.push({ side, orientation, serials });
    return Promise.resolve(new Set(serials.filter((serial) => this.matching(side, orientation, serial))));
  };
}

function seen(all: readonly Sighting[], orientation: Orientation): [number, boolean, boolean][] {
  return all
    .filter((one) => one.orientation === orientation)
    .map(({ id, left, right }) => [id.serialId, left, right]);
}

describe('sightings', () => {
  it('ask about the other side of what one side found, and about nothing else', async () => {
    const truth = new Truth((side, _, serial) => side === Side.Right && serial === 2);
    const all = await sightings(
      {
        normal: [found([1, 2, 3], 2), found([1, 9], 1)],
        mirror: [NOTHING, NOTHING],
      },
      [],
      truth.compare,
    );
    assert.deepEqual(truth.asked, [{ side: Side.Right, orientation: Orientation.Normal, serials: [2] }]);
    assert.deepEqual(seen(all, Orientation.Normal), [
      [1, true, true],
      [2, true, true],
    ]);
  });

  it('ask about all of the OR-list in normal orientation, and not in the other', async () => {
    const truth = new Truth((side, _, serial) => side === Side.Left && serial === 7);
    const all = await sightings(
      { normal: [NOTHING, NOTHING], mirror: [found([5], 1), NOTHING] },
      [idOf(7), idOf(8)],
      truth.compare,
    );
    assert.deepEqual(seen(all, Orientation.Normal), [
      [7, true, false],
      [8, false, false],
    ]);
    assert.deepEqual(seen(all, Orientation.Mirror), [[5, true, false]]);
    assert.deepEqual(
      truth.asked.filter(({ orientation }) => orientation === Orientation.Mirror),
      [{ side: Side.Right, orientation: Orientation.Mirror, serials: [5] }],
    );
  });

  it('come nearest first, those of the left before those of the right alone', async () => {
    const truth = new Truth(() => false);
    const all = await sightings(
      { normal: [found([4, 2], 2), found([9, 2], 2)], mirror: [NOTHING, NOTHING] },
      [idOf(1)],
      truth.compare,
    );
    assert.deepEqual(
      all.map(({ id }) => id.serialId),
      [4, 2, 9, 1],
    );
  });

  it('tell the truth of both sides of everybody found or listed, however little the walks met', async () => {
    const serials = fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(serials, serials, serials, serials),
        fc.tuple(serials, serials, serials, serials),
        serials,
        async (matching, met, listed) => {
          const place = (side: Side, orientation: Orientation) => 2 * orientation + side;
          const truth = new Truth((side, orientation, serial) =>
            matching[place(side, orientation)].includes(serial),
          );
          // A walk brings those it met, the matches in front.
          const search = (side: Side, orientation: Orientation) => {
            const all = met[place(side, orientation)];
            const hits = all.filter((serial) => matching[place(side, orientation)].includes(serial));
            return found([...hits, ...all.filter((serial) => !hits.includes(serial))], hits.length);
          };
          const both = (orientation: Orientation): [SearchResult, SearchResult] => [
            search(Side.Left, orientation),
            search(Side.Right, orientation),
          ];
          const orList: VectorId[] = listed.map((serial) => idOf(serial));
          const all = await sightings(
            { normal: both(Orientation.Normal), mirror: both(Orientation.Mirror) },
            orList,
            truth.compare,
          );
          for (const orientation of [Orientation.Normal, Orientation.Mirror]) {
            const hits = both(orientation).flatMap(({ neighbours, matchCount }) =>
              neighbours.slice(0, matchCount).map(({ serialId }): number => serialId),
            );
            const expected = new Set([...hits, ...(orientation === Orientation.Normal ? listed : [])]);
            const got = seen(all, orientation);
            assert.deepEqual(new Set(got.map(([serial]) => serial)), expected);
            assert.equal(got.length, expected.size);
            for (const [serial, left, right] of got) {
              assert.equal(left, matching[place(Side.Left, orientation)].includes(serial));
              assert.equal(right, matching[place(Side.Right, orientation)].includes(serial));
            }
          }
        },
      ),
    );
  });
});
