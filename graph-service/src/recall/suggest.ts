/** Which parameters reach a recall, from what was measured. */
import { largerParameters, type GraphParameters } from '../graph/parameters.js';
import type { Share } from './wilson.js';

/** What walks with one size of neighbourhood found. */
export interface MeasuredEf {
  readonly ef: number;
  readonly people: Share;
  readonly eyes: Share;
  /** Irises that one walk compared, on average. */
  readonly candidates: number;
}

/** What to do. */
export type Advice = 'unknown' | 'keep' | 'ef' | 'rebuild';

/** What to do, and the parameters to do it with. */
export interface Suggestion {
  readonly advice: Advice;
  readonly parameters: GraphParameters;
}

/** Sizes of neighbourhoods to try, as multiples of that in use. */
const MULTIPLES = [0.5, 1, 1.5, 2, 3, 4] as const;
const MOST_EF = 65_535;

/** Which ef to measure, ascending; that in use is among them. None below M: walks never use less. */
export function efsToMeasure({ m, ef }: GraphParameters): number[] {
  const efs = MULTIPLES.map((multiple) => Math.min(MOST_EF, Math.max(m, Math.ceil(multiple * ef))));
  return [...new Set(efs)].sort((a, b) => a - b);
}

/**
 * The smallest change that reaches the target. A smaller ef than that in use is not suggested: the margin is worth having.
 * @param size irises in the graph
 */
export function suggest(
  measured: readonly MeasuredEf[],
  inUse: GraphParameters,
  size: number,
  target: number,
): Suggestion {
  if (measured.every(({ people }) => people.expected === 0)) return { advice: 'unknown', parameters: inUse };
  const enough = measured.find(({ ef, people }) => ef >= inUse.ef && people.share >= target);
  if (enough === undefined) return { advice: 'rebuild', parameters: largerParameters(size, inUse) };
  return {
    advice: enough.ef === inUse.ef ? 'keep' : 'ef',
    parameters: { ...inUse, ef: enough.ef },
  };
}
