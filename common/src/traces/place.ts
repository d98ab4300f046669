/** Where a span stands: the ids by which others refer to it, and what goes on with them from service to service. */
import { randomFillSync } from 'node:crypto';
import { monotonicMicroseconds } from '../clock/monotonic.js';

/** The place of a span of a sampled trace. Plain: it crosses threads. */
export interface SpanPlace {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  /** W3C `tracestate`; empty for none. */
  readonly traceState: string;
  /** Where the monotonic clock began, microseconds since 1970: one figure for a whole trace, in both services. */
  readonly clockBegan: number;
}

const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;
/** Asking for random bytes costs more than the bytes: they are asked for many ids at once. */
const POOL = Buffer.alloc(4_096);
let poolUsed = POOL.byteLength;
/** `Date` knows milliseconds: no further apart than that, clocks agree. */
const CLOCK_TOLERANCE_MILLISECONDS = 2;

/** A new trace's id. */
export function newTraceId(): string {
  return randomHex(TRACE_ID_BYTES);
}

/** A place of its own in the same trace. */
export function placeBeside(place: SpanPlace): SpanPlace {
  return { ...place, spanId: newSpanId() };
}

/** A new span's id. */
export function newSpanId(): string {
  return randomHex(SPAN_ID_BYTES);
}

/** W3C `traceparent`. */
export function formatTraceParent(traceId: string, spanId: string, isSampled: boolean): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
}

/** Where the monotonic clock began by the wall clock as it stands now, microseconds since 1970. */
export function clockBeganNow(): number {
  const fine = performance.timeOrigin + performance.now();
  // The fine clock does not follow when the wall clock is set.
  const coarse = Date.now();
  const milliseconds = Math.abs(fine - coarse) > CLOCK_TOLERANCE_MILLISECONDS ? coarse : fine;
  return milliseconds * 1e3 - monotonicMicroseconds();
}

function randomHex(bytes: number): string {
  if (poolUsed + bytes > POOL.byteLength) {
    randomFillSync(POOL);
    poolUsed = 0;
  }
  poolUsed += bytes;
  return POOL.toString('hex', poolUsed - bytes, poolUsed);
}
