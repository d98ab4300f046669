/**
 * What happened on the hop between two snapshots: rates, and how long its stages took.
 *
 * Snapshots tell sums since the start; every viewer makes the differences for itself.
 */
import type { HopFigures, Snapshot } from '@irispair/graph-service/page/snapshot';

/** The hop over some time. */
export interface HopSpan {
  readonly seconds: number;
  readonly hops: number;
  readonly candidates: number;
  readonly bytes: number;
  readonly stages: Readonly<Record<HopStage, StageTimes>>;
}

export type HopStage = keyof HopFigures['durations'];

/** How long a stage took, seconds; null when no message went over the hop. */
export interface StageTimes {
  readonly mean: number | null;
  readonly p99: number | null;
}

interface Sample {
  readonly startedAt: number;
  readonly clockMilliseconds: number;
  readonly hop: HopFigures;
}

const KEPT_MILLISECONDS = 61_000;
const WINDOW_MILLISECONDS = 5_000;
/** After a longer pause between two snapshots nobody knows when it happened. */
const GAP_MILLISECONDS = 5_000;

/** The snapshots of the last minute. */
export class HopHistory {
  private samples: Sample[] = [];

  /** The next snapshot. Whatever another run of the service told is forgotten. */
  add({ startedAt, clockMilliseconds, hop }: Snapshot): void {
    const last = this.samples.at(-1);
    if (hop === null || last?.startedAt !== startedAt) this.samples = [];
    if (hop === null || last?.clockMilliseconds === clockMilliseconds) return;
    this.samples.push({ startedAt, clockMilliseconds, hop });
    while (clockMilliseconds - this.samples[0].clockMilliseconds > KEPT_MILLISECONDS) this.samples.shift();
  }

  /** The last seconds; undefined before the second snapshot, and after a pause. */
  recent(): HopSpan | undefined {
    const last = this.samples.at(-1);
    if (last === undefined) return undefined;
    const first = this.samples.find(
      ({ clockMilliseconds }) => last.clockMilliseconds - clockMilliseconds <= WINDOW_MILLISECONDS,
    );
    return first === undefined || first === last ? undefined : between(first, last);
  }

  /** Since the service was started; undefined before the first snapshot. */
  sinceStart(): HopSpan | undefined {
    const last = this.samples.at(-1);
    return last === undefined ? undefined : spanOf(last.hop, last.hop, 0, () => 0);
  }

  /** Messages a second between each two snapshots, and when, seconds before the last one. */
  curve(): { readonly secondsAgo: number; readonly rate: number }[] {
    const last = this.samples.at(-1);
    if (last === undefined) return [];
    return this.samples.slice(1).flatMap((sample, place) => {
      const before = this.samples[place];
      const milliseconds = sample.clockMilliseconds - before.clockMilliseconds;
      if (milliseconds > GAP_MILLISECONDS) return [];
      const hops = hopsOf(sample.hop) - hopsOf(before.hop);
      return [
        {
          secondsAgo: (last.clockMilliseconds - sample.clockMilliseconds) / 1e3,
          rate: Math.max(0, hops / (milliseconds / 1e3)),
        },
      ];
    });
  }
}

function between(first: Sample, last: Sample): HopSpan {
  const seconds = (last.clockMilliseconds - first.clockMilliseconds) / 1e3;
  return spanOf(last.hop, first.hop, seconds, (figure) => figure);
}

/** @param of takes from the earlier figures what is to be taken off the later ones */
function spanOf(
  late: HopFigures,
  early: HopFigures,
  seconds: number,
  of: (figure: number) => number,
): HopSpan {
  const difference = (one: number, other: number) => Math.max(0, one - of(other));
  const stage = (name: HopStage): StageTimes =>
    stageTimes(
      late.durations[name].map((figure, place) => difference(figure, early.durations[name][place])),
      late.bounds,
    );
  return {
    seconds,
    hops: difference(hopsOf(late), hopsOf(early)),
    candidates: difference(late.candidates, early.candidates),
    bytes: difference(late.bytes, early.bytes),
    stages: {
      transit_out: stage('transit_out'),
      queue: stage('queue'),
      compute: stage('compute'),
      transit_back: stage('transit_back'),
      round_trip: stage('round_trip'),
    },
  };
}

/** Walkers tell their counters when a job ends, and durations at once: so these tell how many. */
function hopsOf({ durations }: HopFigures): number {
  return countOf(durations.round_trip);
}

function countOf(buckets: readonly number[]): number {
  return buckets.slice(0, -1).reduce((sum, figure) => sum + figure, 0);
}

function stageTimes(buckets: readonly number[], bounds: readonly number[]): StageTimes {
  const count = countOf(buckets);
  if (count === 0) return { mean: null, p99: null };
  return { mean: buckets[buckets.length - 1] / count, p99: quantile(buckets, bounds, 0.99 * count) };
}

/** The value below which so many lie, read off the buckets as if each were filled evenly. */
function quantile(buckets: readonly number[], bounds: readonly number[], wanted: number): number {
  let below = 0;
  for (let place = 0; place < bounds.length; place++) {
    const here = buckets[place];
    const lower = place === 0 ? 0 : bounds[place - 1];
    if (here > 0 && below + here >= wanted)
      return lower + ((bounds[place] - lower) * (wanted - below)) / here;
    below += here;
  }
  return bounds[bounds.length - 1];
}
