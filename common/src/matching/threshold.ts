/**
 * The match rule, in integers, the same in plain and in secret-shared mode (DESIGN section 6).
 *
 * With u bits unmasked in both and d of them differing: match iff (u - 2d) * 65,536 > u * A,
 * A = floor((1 - 2 * threshold) * 65,536). With no common bit it is 0 > 0: no match.
 */
import { MisconfiguredError } from '../errors/errors.js';

/** Threshold used unless configured: fractional Hamming distance. */
export const DEFAULT_THRESHOLD = 0.375;

/** A of the match rule, 1 to 65,536. @throws MisconfiguredError unless 0 <= threshold < 0.5 */
export function matchLimit(threshold: number): number {
  if (!(threshold >= 0 && threshold < 0.5)) {
    throw new MisconfiguredError(
      `the match threshold ${String(threshold)} is not a fractional Hamming distance: give 0 to below 0.5`,
    );
  }
  return Math.floor((1 - 2 * threshold) * 65_536);
}

/** Whether a pair with this many differing and unmasked bits is a match. */
export function isMatch(differing: number, unmasked: number, limit: number): boolean {
  return (unmasked - 2 * differing) * 65_536 > unmasked * limit;
}
