import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Orientation } from '@irispair/common/iris/side';
import { idOf } from '../support/ids.js';
import { BatchMates } from './batch-mates.js';

/** Match bits of one pair: left, right, mirrored left, mirrored right, from the lowest. */
const PAIR_BITS = fc.integer({ min: 0, max: 15 });
const LARGEST_BATCH = 12;

describe("the batch's own requests", () => {
  it('have in common what a plain list of pairs says', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: LARGEST_BATCH }),
        fc.array(PAIR_BITS, {
          minLength: (LARGEST_BATCH * (LARGEST_BATCH - 1)) / 2,
          maxLength: (LARGEST_BATCH * (LARGEST_BATCH - 1)) / 2,
        }),
        (size, drawn) => {
          const bits = drawn.slice(0, (size * (size - 1)) / 2);
          const mates = new BatchMates(size, Uint8Array.from(bits));
          const rest = [...bits];
          for (let earlier = 0; earlier < size; earlier++) {
            for (let later = earlier + 1; later < size; later++) {
              const [left, right, mirroredLeft, mirroredRight] = digits(rest.shift());
              const id = idOf(earlier + 1);
              assert.deepEqual(mates.sightings(earlier, later, id), [
                { id, orientation: Orientation.Normal, left, right },
                { id, orientation: Orientation.Mirror, left: mirroredLeft, right: mirroredRight },
              ]);
            }
          }
        },
      ),
    );
  });
});

function digits(bits = 0): boolean[] {
  return Array.from({ length: 4 }, (_, place) => Math.floor(bits / 2 ** place) % 2 === 1);
}
