/**
 * How long hops took: the parts of the way as the messages' times tell them, and the whole way.
 *
 * They lie in shared memory: a walker counts into it, and whoever reads the metrics reads it, without a message.
 */
import {
  addBuckets,
  bucketsLength,
  countValue,
  DURATION_BOUNDS,
  type Buckets,
} from '@irispair/common/telemetry/buckets';

/** The parts, in the order in which a message goes through them. */
export const HOP_STAGES = ['transit_out', 'queue', 'compute', 'transit_back'] as const;

export type HopStage = (typeof HOP_STAGES)[number];

type Span = HopStage | 'round_trip';

/** Seconds of every message, by {@link DURATION_BOUNDS}. */
export type HopDurations = Readonly<Record<Span, Buckets>>;

const LENGTH = bucketsLength(DURATION_BOUNDS);
const SPAN_BYTES = LENGTH * Float64Array.BYTES_PER_ELEMENT;
/** In the order in which they lie in memory. */
const PLACE: Readonly<Record<Span, number>> = {
  transit_out: 0,
  queue: 1,
  compute: 2,
  transit_back: 3,
  round_trip: 4,
};

/** Memory for durations, none counted yet. */
export function durationMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(Object.keys(PLACE).length * SPAN_BYTES);
}

/** The durations that lie there. */
export function durationsIn(memory: SharedArrayBuffer): HopDurations {
  return each((span) => new Float64Array(memory, PLACE[span] * SPAN_BYTES, LENGTH));
}

/** Counts one message. @param microseconds of each part */
export function countHop(durations: HopDurations, microseconds: Readonly<Record<HopStage, number>>): void {
  let all = 0;
  for (const stage of HOP_STAGES) {
    all += microseconds[stage];
    countValue(durations[stage], DURATION_BOUNDS, microseconds[stage] / 1e6);
  }
  countValue(durations.round_trip, DURATION_BOUNDS, all / 1e6);
}

/** The sums of several. */
export function addDurations(all: readonly HopDurations[]): HopDurations {
  return each((span) =>
    addBuckets(
      DURATION_BOUNDS,
      all.map((durations) => durations[span]),
    ),
  );
}

function each(make: (span: Span) => Buckets): HopDurations {
  return {
    transit_out: make('transit_out'),
    queue: make('queue'),
    compute: make('compute'),
    transit_back: make('transit_back'),
    round_trip: make('round_trip'),
  };
}
