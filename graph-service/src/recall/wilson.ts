/**
 * How well a share is known from a count: Wilson's score interval.
 *
 * E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927), p. 209. Unlike the
 * textbook's normal interval it holds for shares near 1 and for few trials (Brown, Cai and DasGupta, "Interval estimation
 * for a binomial proportion", Statistical Science 16, 2001).
 */

/** How many were to be found, and how many of them were. */
export interface Tally {
  readonly expected: number;
  readonly found: number;
}

/** A share and the bounds of its 95 % confidence interval, each 0 to 1. */
export interface Share extends Tally {
  readonly share: number;
  readonly lower: number;
  readonly upper: number;
}

/** The normal deviate that 97.5 % are below. */
const DEVIATE = 1.959964;

/** The share found; anything is possible while nobody was to be found. */
export function shareOf({ expected, found }: Tally): Share {
  if (expected === 0) return { expected, found, share: 0, lower: 0, upper: 1 };
  const share = found / expected;
  const weight = DEVIATE ** 2 / expected;
  const middle = (share + weight / 2) / (1 + weight);
  const reach =
    (DEVIATE * Math.sqrt((share * (1 - share)) / expected + (weight / expected) * 0.25)) / (1 + weight);
  return {
    expected,
    found,
    share,
    lower: found === 0 ? 0 : Math.max(0, middle - reach),
    upper: found === expected ? 1 : Math.min(1, middle + reach),
  };
}

/** Both together. */
export function addTallies(a: Tally, b: Tally): Tally {
  return { expected: a.expected + b.expected, found: a.found + b.found };
}

export const NOTHING_EXPECTED: Tally = { expected: 0, found: 0 };
