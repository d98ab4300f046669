/**
 * From searches to sightings (DESIGN section 5, step 3).
 *
 * The ids that match on one side only, and all ids of the OR-list, are not settled by the walks: a walk that did not meet
 * an id says nothing about it. They are compared directly on the sides that are open.
 */
import type { VectorId } from '@irispair/common/ids/vector-id';
import { Orientation, Side, SIDES } from '@irispair/common/iris/side';
import type { SearchResult } from '../walk/order.js';
import type { Sighting } from './decision.js';

/** The four searches of one capture. */
export interface FourSearches {
  readonly normal: readonly [left: SearchResult, right: SearchResult];
  readonly mirror: readonly [left: SearchResult, right: SearchResult];
}

/** Compares one capture with given ids on one side; returns the serial ids that match. */
export type CompareDirectly = (
  side: Side,
  orientation: Orientation,
  ids: readonly VectorId[],
) => Promise<ReadonlySet<number>>;

/** All sightings of a capture, those found by the walks first, nearest first. */
export async function sightings(
  searches: FourSearches,
  orList: readonly VectorId[],
  compare: CompareDirectly,
): Promise<Sighting[]> {
  const [normal, mirror] = await Promise.all([
    sightingsIn(Orientation.Normal, searches.normal, orList, compare),
    sightingsIn(Orientation.Mirror, searches.mirror, [], compare),
  ]);
  return [...normal, ...mirror];
}

async function sightingsIn(
  orientation: Orientation,
  searches: readonly [SearchResult, SearchResult],
  orList: readonly VectorId[],
  compare: CompareDirectly,
): Promise<Sighting[]> {
  const found = searches.map(matchesOf);
  const all = new Map<number, VectorId>();
  for (const id of [...found[Side.Left], ...found[Side.Right], ...orList]) all.set(id.serialId, id);
  const matching = await Promise.all(
    SIDES.map(async (side) => {
      const known = new Set<number>(found[side].map(({ serialId }) => serialId));
      const open = [...all.values()].filter(({ serialId }) => !known.has(serialId));
      const direct = open.length === 0 ? [] : await compare(side, orientation, open);
      return new Set([...known, ...direct]);
    }),
  );
  return [...all.values()].map((id) => ({
    id,
    orientation,
    left: matching[Side.Left].has(id.serialId),
    right: matching[Side.Right].has(id.serialId),
  }));
}

/** The ids that match, nearest first. */
export function matchesOf({ neighbours, matchCount }: SearchResult): readonly VectorId[] {
  return neighbours.slice(0, matchCount);
}
