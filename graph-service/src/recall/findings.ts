/**
 * What walks found beside what an exact scan finds, of one capture in one orientation.
 *
 * To be found are the people both of whose eyes match. One is found when the walk of either eye meets that eye, for then
 * the other is compared directly (matching/sightings). Somebody who matches by one eye alone is no duplicate, and among
 * millions there are many such strangers: they are not counted.
 */
import type { VectorId } from '@irispair/common/ids/vector-id';
import { Side, SIDES } from '@irispair/common/iris/side';
import { matchesOf } from '../matching/sightings.js';
import type { SearchResult } from '../walk/order.js';
import type { Tally } from './wilson.js';

/** Searches of both sides. */
export type BothSides = readonly [left: SearchResult, right: SearchResult];

/** What is counted of one capture. */
export interface Findings {
  readonly people: Tally;
  /** The eyes of the same people, each by the walk of its own side. */
  readonly eyes: Tally;
  /** People whom neither walk met. */
  readonly missed: readonly VectorId[];
}

/** @param counts whether somebody was there to be found when the walks began, and still is */
export function findings(exact: BothSides, walked: BothSides, counts: (id: VectorId) => boolean): Findings {
  const right = serialsOf(exact[Side.Right]);
  const expected = matchesOf(exact[Side.Left]).filter((id) => right.has(id.serialId) && counts(id));
  const met = SIDES.map((side) => serialsOf(walked[side]));
  const eyesFound = expected.map(({ serialId }) => met.filter((serials) => serials.has(serialId)).length);
  const missed = expected.filter((_, place) => eyesFound[place] === 0);
  return {
    people: { expected: expected.length, found: expected.length - missed.length },
    eyes: { expected: SIDES.length * expected.length, found: eyesFound.reduce((sum, eyes) => sum + eyes, 0) },
    missed,
  };
}

function serialsOf(result: SearchResult): ReadonlySet<number> {
  return new Set(matchesOf(result).map(({ serialId }) => serialId));
}
