/** How one rate compares with another that was measured beside it, round by round. */

/** A mean ratio and where the true one lies with 95 % confidence. */
export interface Ratio {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** @param rates of the same rounds as `base`, 2 at least */
export function ratioOf(rates: readonly number[], base: readonly number[]): Ratio {
  // A ratio and its inverse are equally far from 1 as logarithms only.
  const logs = rates.map((rate, round) => Math.log(rate / base[round]));
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
  const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / (logs.length - 1);
  const reach = studentQuantile(logs.length - 1) * Math.sqrt(variance / logs.length);
  return { mean: Math.exp(mean), low: Math.exp(mean - reach), high: Math.exp(mean + reach) };
}

/** The two-sided 95 % quantile of Student's distribution, from the normal one's by Cornish and Fisher. */
function studentQuantile(freedom: number): number {
  const z = 1.959964;
  return z + (z ** 3 + z) / (4 * freedom) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2);
}
