/**
 * What several rounds say together.
 *
 * - A mean has a 95 % confidence interval by Student's t-distribution over the rounds.
 * - Two placements are compared round by round: the logarithm of the ratio has a mean and an interval, which are taken back.
 *   What drifts over the hours hits both alike and drops out.
 * - Two series over the same windows of time are compared by Spearman's rank correlation, ties at their middle rank.
 */
import { bisect, mean, sampleCorrelation, sampleStandardDeviation } from 'simple-statistics';

const CONFIDENCE = 0.95;
const LEAST_WINDOWS = 5;

/** A mean over rounds. */
export interface Estimate {
  readonly mean: number;
  /** Ends of the 95 % confidence interval; null with a single round. */
  readonly low: number | null;
  readonly high: number | null;
  readonly rounds: number;
}

/** How two series go together. */
export interface Correlation {
  /** Spearman's, -1 to 1; null when a series does not vary or there are under 5 windows. */
  readonly coefficient: number | null;
  readonly windows: number;
}

/** The mean of the rounds; null of none. */
export function estimateMean(rounds: readonly number[]): Estimate | null {
  if (rounds.length === 0) return null;
  const middle = mean([...rounds]);
  if (rounds.length === 1) return { mean: middle, low: null, high: null, rounds: 1 };
  const margin =
    (studentQuantile(CONFIDENCE, rounds.length - 1) * sampleStandardDeviation([...rounds])) /
    Math.sqrt(rounds.length);
  return { mean: middle, low: middle - margin, high: middle + margin, rounds: rounds.length };
}

/**
 * By how much the first of each pair is above the second, as a share of the second. Pairs of which one is not above zero
 * have no ratio and are left out.
 */
export function estimateChange(pairs: readonly (readonly [number, number])[]): Estimate | null {
  const logarithms = pairs
    .filter(([first, second]) => first > 0 && second > 0)
    .map(([first, second]) => Math.log(first / second));
  const estimate = estimateMean(logarithms);
  if (estimate === null) return null;
  const { mean: middle, low, high, rounds } = estimate;
  return {
    mean: Math.expm1(middle),
    low: low === null ? null : Math.expm1(low),
    high: high === null ? null : Math.expm1(high),
    rounds,
  };
}

/** How two series over the same windows go together. @throws RangeError when they differ in length */
export function correlate(first: readonly number[], second: readonly number[]): Correlation {
  if (first.length !== second.length)
    throw new RangeError('two series of different lengths cannot be compared');
  const windows = first.length;
  if (windows < LEAST_WINDOWS || isConstant(first) || isConstant(second))
    return { coefficient: null, windows };
  const coefficient = sampleCorrelation(ranks(first), ranks(second));
  return { coefficient: Math.max(-1, Math.min(1, coefficient)), windows };
}

function isConstant(values: readonly number[]): boolean {
  return values.every((value) => value === values[0]);
}

/** Ranks from 1; equal values share the middle of their ranks. */
function ranks(values: readonly number[]): number[] {
  const order = values.map((_, index) => index).sort((one, other) => values[one] - values[other]);
  const result = new Array<number>(values.length);
  for (let first = 0; first < order.length;) {
    let end = first + 1;
    while (end < order.length && values[order[end]] === values[order[first]]) end += 1;
    for (let place = first; place < end; place++) result[order[place]] = (first + 1 + end) / 2;
    first = end;
  }
  return result;
}

/**
 * The t below which |T| stays with a probability: Abramowitz and Stegun 26.7.3 and 26.7.4, exact for whole degrees of
 * freedom, inverted by bisection over the angle atan(t / sqrt(degrees)).
 */
export function studentQuantile(probability: number, degrees: number): number {
  const missing = (angle: number) => centralProbability(angle, degrees) - probability;
  return Math.sqrt(degrees) * Math.tan(bisect(missing, 0, Math.PI / 2, 200, 1e-14));
}

function centralProbability(angle: number, degrees: number): number {
  const cosine = Math.cos(angle);
  const isOdd = degrees % 2 === 1;
  let term = isOdd ? cosine : 1;
  let sum = degrees === 1 ? 0 : term;
  for (let power = isOdd ? 3 : 2; power <= degrees - 2; power += 2) {
    term *= (cosine * cosine * (power - 1)) / power;
    sum += term;
  }
  const series = Math.sin(angle) * sum;
  return isOdd ? (2 / Math.PI) * (angle + series) : series;
}
