/**
 * The batch's own requests against each other (DESIGN section 5, step 2): two copies of a person that arrive together
 * cannot both be enrolled.
 */
import { Orientation } from '@irispair/common/iris/side';
import type { VectorId } from '@irispair/common/ids/vector-id';
import type { Sighting } from './decision.js';

const LEFT = 1;
const RIGHT = 2;
const MIRRORED_LEFT = 4;
const MIRRORED_RIGHT = 8;

/** Match bits of every pair of a batch, as the hop packs them: pairs (i, j), i < j, ordered by i, then j. */
export class BatchMates {
  constructor(
    private readonly size: number,
    private readonly bits: Uint8Array,
  ) {}

  /** No pair matches: a batch of one. */
  static alone(): BatchMates {
    return new BatchMates(1, new Uint8Array());
  }

  /**
   * What request `later` and an earlier request, now enrolled as `id`, have in common.
   */
  sightings(earlier: number, later: number, id: VectorId): Sighting[] {
    const pairsBefore = earlier * this.size - (earlier * (earlier + 1)) / 2;
    const bits = this.bits[pairsBefore + later - earlier - 1];
    return [
      { id, orientation: Orientation.Normal, left: (bits & LEFT) !== 0, right: (bits & RIGHT) !== 0 },
      {
        id,
        orientation: Orientation.Mirror,
        left: (bits & MIRRORED_LEFT) !== 0,
        right: (bits & MIRRORED_RIGHT) !== 0,
      },
    ];
  }
}
