import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Orientation } from '@irispair/common/iris/side';
import { idOf } from '../support/ids.js';
import { decide, Decision, type Sighting, type Verdict } from './decision.js';

const SIGHTINGS = fc.array(
  fc.record({
    id: fc.integer({ min: 1, max: 6 }).map((serial) => idOf(serial)),
    orientation: fc.constantFrom(Orientation.Normal, Orientation.Mirror),
    left: fc.boolean(),
    right: fc.boolean(),
  }),
  { maxLength: 8 },
);
const OR_LIST = fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { maxLength: 3 });

/** DESIGN section 5, step 4, sentence by sentence. */
function restated(all: readonly Sighting[], orList: readonly number[]): Verdict {
  const duplicates: Sighting[] = [];
  const mirrored: Sighting[] = [];
  for (const sighting of all) {
    const bothMatch = sighting.left && sighting.right;
    const oneMatches = sighting.left || sighting.right;
    const listed = orList.includes(sighting.id.serialId);
    if (sighting.orientation === Orientation.Mirror) {
      if (bothMatch) mirrored.push(sighting);
    } else if (bothMatch || (listed && oneMatches)) {
      duplicates.push(sighting);
    }
  }
  if (duplicates.length > 0) return { decision: Decision.Duplicate, matches: duplicates };
  if (mirrored.length > 0) return { decision: Decision.MirrorAttack, matches: mirrored };
  return { decision: Decision.Unique, matches: [] };
}

describe('the decision', () => {
  it('is what the design says, whatever was seen', () => {
    fc.assert(
      fc.property(SIGHTINGS, OR_LIST, (all, orList) => {
        assert.deepEqual(decide(all, new Set(orList)), restated(all, orList));
      }),
      { numRuns: 1_000 },
    );
  });

  it('names a duplicate before a mirror attack, and only the matches that led to it', () => {
    const mirror = { id: idOf(1), orientation: Orientation.Mirror, left: true, right: true };
    const normal = { id: idOf(2), orientation: Orientation.Normal, left: true, right: true };
    assert.deepEqual(decide([mirror, normal], new Set()), {
      decision: Decision.Duplicate,
      matches: [normal],
    });
  });

  it('takes one mirrored eye for nothing, listed or not', () => {
    const oneEye = { id: idOf(1), orientation: Orientation.Mirror, left: true, right: false };
    assert.equal(decide([oneEye], new Set([1])).decision, Decision.Unique);
  });
});
