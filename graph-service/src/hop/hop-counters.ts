/** Counters of the hop since start. */

/** Sums over all messages of one stream, or of several. */
export interface HopCounters {
  hops: number;
  steps: number;
  candidates: number;
  searches: number;
  disconnects: number;
  bytes: number;
  roundTripMicroseconds: number;
  transitOutMicroseconds: number;
  queueMicroseconds: number;
  computeMicroseconds: number;
  transitBackMicroseconds: number;
}

/** All zero. */
export function noHops(): HopCounters {
  return {
    hops: 0,
    steps: 0,
    candidates: 0,
    searches: 0,
    disconnects: 0,
    bytes: 0,
    roundTripMicroseconds: 0,
    transitOutMicroseconds: 0,
    queueMicroseconds: 0,
    computeMicroseconds: 0,
    transitBackMicroseconds: 0,
  };
}

/** The sums of several. */
export function addHops(all: readonly HopCounters[]): HopCounters {
  const sum = noHops();
  for (const counters of all) {
    for (const name of Object.keys(sum) as (keyof HopCounters)[]) sum[name] += counters[name];
  }
  return sum;
}
