/** How one rate compares with another that was measured beside it, round by round. */
import { estimateChange } from 'irispair/advise/statistics';

/** A mean ratio and where the true one lies with 95 % confidence. */
export interface Ratio {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/**
 * @param rates of the same rounds as `base`
 * @throws RangeError with fewer than 2 rounds whose rates are above zero: they have no interval
 */
export function ratioOf(rates: readonly number[], base: readonly number[]): Ratio {
  const change = estimateChange(rates.map((rate, round) => [rate, base[round]]));
  if (change?.low == null || change.high === null) throw new RangeError('a ratio needs 2 rounds at least');
  return { mean: 1 + change.mean, low: 1 + change.low, high: 1 + change.high };
}
