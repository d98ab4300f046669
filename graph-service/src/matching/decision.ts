/**
 * The decision on one capture (DESIGN section 5, step 4).
 *
 * Both sides match in normal orientation: a duplicate. An id on the caller's OR-list matches when either side does. Both
 * sides match mirrored: a mirror attack. Otherwise unique.
 */
import type { VectorId } from '@irispair/common/ids/vector-id';
import type { Orientation } from '@irispair/common/iris/side';
import { Orientation as Held } from '@irispair/common/iris/side';

/** What is decided. */
export enum Decision {
  Unique = 'unique',
  Duplicate = 'duplicate',
  MirrorAttack = 'mirror attack',
}

/** What is known of one enrolled person beside the capture, in one orientation. */
export interface Sighting {
  readonly id: VectorId;
  readonly orientation: Orientation;
  readonly left: boolean;
  readonly right: boolean;
}

/** A decision and the sightings that led to it. */
export interface Verdict {
  readonly decision: Decision;
  readonly matches: readonly Sighting[];
}

/**
 * @param sightings in the order in which matches are to be reported
 * @param orList serial ids that match when either eye does
 */
export function decide(sightings: readonly Sighting[], orList: ReadonlySet<number>): Verdict {
  const matches = sightings.filter(({ id, orientation, left, right }) => {
    const either = orientation === Held.Normal && orList.has(id.serialId);
    return either ? left || right : left && right;
  });
  const normal = matches.filter(({ orientation }) => orientation === Held.Normal);
  if (normal.length > 0) return { decision: Decision.Duplicate, matches: normal };
  if (matches.length > 0) return { decision: Decision.MirrorAttack, matches };
  return { decision: Decision.Unique, matches: [] };
}
