/**
 * The match rule, in integers, the same in plain and in secret-shared mode (DESIGN section 6).
 *
 * With u bits unmasked in both and d of them differing: match iff (u - 2d) * 65,536 > u * A,
 * A = floor((1 - 2 * threshold) * 65,536). With no common bit it is 0 > 0: no match.
 */
import { MisconfiguredError } from '../errors/errors.js';

/** Threshold used unless configured: fractional Hamming distance. */
export const DEFAULT_THRESHOLD = 0.375;

/** The thresholds there are, for people. With 0 not even the same capture would match. */
export const THRESHOLDS = 'a number above 0 and below 0.5';

/** Whether a fractional Hamming distance can be a threshold. */
export function isThreshold(distance: number): boolean {
  return distance > 0 && distance < 0.5;
}

/** A of the match rule, 0 to 65,535. @throws MisconfiguredError unless 0 < threshold < 0.5 */
export function matchLimit(threshold: number): number {
  if (!isThreshold(threshold)) {
    throw new MisconfiguredError(
      `the match threshold ${String(threshold)} is not a fractional Hamming distance: give ${THRESHOLDS}`,
    );
  }
  return Math.floor((1 - 2 * threshold) * 65_536);
}

/** Whether a pair with this many differing and unmasked bits is a match. */
export function isMatch(differing: number, unmasked: number, limit: number): boolean {
  return (unmasked - 2 * differing) * 65_536 > unmasked * limit;
}
