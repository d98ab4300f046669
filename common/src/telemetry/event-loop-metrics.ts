/**
 * How long the event loop of the main thread lets others wait, and how busy it is.
 *
 * A timer that is due every 10 ms notes how late it comes. So delays are sampled evenly in time: the share of late ones is
 * the share of time in which whatever comes has to wait. A delay over a millisecond counts as a slow poll. Node's own
 * monitor does the same, but keeps percentiles, of which no buckets can be made that add up over time.
 */
import { performance } from 'node:perf_hooks';
import type { Registry } from 'prom-client';
import { countValue, DURATION_BOUNDS, noValues } from './buckets.js';
import { readCounter, readHistogram } from './read-metrics.js';

const LOOK_MILLISECONDS = 10;
const SLOW_MILLISECONDS = 1;
/** Upper bounds of slow polls, milliseconds. */
const SLOW_BOUNDS = [2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000] as const;

/** Looks at the event loop of this thread and shows what it sees, until it is closed. */
export class EventLoopWatch {
  /** Delays, seconds. */
  private readonly delays = noValues(DURATION_BOUNDS);
  /** Delays over a millisecond, milliseconds. */
  private readonly slow = noValues(SLOW_BOUNDS);
  private lookedAt = performance.now();
  private readonly timer = setInterval(() => {
    this.look();
  }, LOOK_MILLISECONDS).unref();

  constructor(registry: Registry) {
    readHistogram(
      registry,
      {
        name: 'irispair_event_loop_delay_seconds',
        help: 'How late the event loop of the main thread came to a timer that is due every 10 ms',
        bounds: DURATION_BOUNDS,
      },
      () => this.delays,
    );
    readHistogram(
      registry,
      {
        name: 'job_slow_poll_duration_ms',
        help: 'Delays of the event loop of the main thread over 1 ms, milliseconds',
        bounds: SLOW_BOUNDS,
      },
      () => this.slow,
    );
    readCounter(
      registry,
      {
        name: 'irispair_event_loop_busy_seconds_total',
        help: 'Time in which the event loop of the main thread was at work',
      },
      () => performance.eventLoopUtilization().active / 1_000,
    );
  }

  close(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    const now = performance.now();
    const delay = Math.max(0, now - this.lookedAt - LOOK_MILLISECONDS);
    this.lookedAt = now;
    countValue(this.delays, DURATION_BOUNDS, delay / 1_000);
    if (delay > SLOW_MILLISECONDS) countValue(this.slow, SLOW_BOUNDS, delay);
  }
}
