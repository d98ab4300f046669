/**
 * Counts of values by bucket, as bare numbers: cheap to count into, to add up, and to share with another thread. A
 * histogram shows them when it is read.
 */

/**
 * Counts of values: how many fell between the bound before and each bound, then how many lay above all bounds, then the sum
 * of the values.
 */
export type Buckets = Float64Array;

/** Upper bounds of durations, seconds: microseconds to seconds. */
export const DURATION_BOUNDS = [
  1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1, 2.5, 5,
  10,
] as const;

/** Upper bounds of counts: powers of two. */
export const COUNT_BOUNDS = [
  1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048, 4_096, 8_192, 16_384, 32_768, 65_536,
] as const;

/** Numbers that buckets with these bounds have. */
export function bucketsLength(bounds: readonly number[]): number {
  return bounds.length + 2;
}

/** No value yet. */
export function noValues(bounds: readonly number[]): Buckets {
  return new Float64Array(bucketsLength(bounds));
}

/** The sum of the values. */
export function sumOf(buckets: Buckets): number {
  return buckets[buckets.length - 1];
}

/** Counts a value. */
export function countValue(buckets: Buckets, bounds: readonly number[], value: number): void {
  let place = 0;
  while (place < bounds.length && value > bounds[place]) place += 1;
  buckets[place] += 1;
  buckets[buckets.length - 1] += value;
}

/** The sums of several with the same bounds. */
export function addBuckets(bounds: readonly number[], all: readonly Buckets[]): Buckets {
  const sum = noValues(bounds);
  for (const buckets of all) buckets.forEach((figure, place) => (sum[place] += figure));
  return sum;
}
