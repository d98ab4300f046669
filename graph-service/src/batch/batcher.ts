/**
 * Collects requests into batches, one batch after the other.
 *
 * A batch searches only after the one before it is enrolled and linked: otherwise two copies of a person could pass in
 * neighbouring batches. Connections take turns (`fair-queue`); who cannot be answered in time is not let in, or leaves before
 * anything is done for it (`admission`).
 */
import { monotonicMicroseconds } from '@irispair/common/clock/monotonic';
import { Admission, Turned, type Refused } from './admission.js';
import { connectionOf, FairQueue } from './fair-queue.js';
import { ServiceTimes } from './service-times.js';
import type { Answer, Ask, Patience, Pending } from './request.js';

/** Limits of a batcher. */
export interface BatcherLimits {
  readonly size: number;
  readonly milliseconds: number;
  readonly queue: number;
}

/** Decides one batch: settles every request of it. */
export type DecideBatch = (batch: readonly Pending[]) => Promise<void>;

/** A connection that nothing waits of. */
const STRANGER = 'a stranger';

/** Hears of every request that is not decided. */
export type NoteTurned = (why: Turned) => void;

/** The queue before the decisions. */
export class Batcher {
  private readonly queue = new FairQueue();
  private readonly times: ServiceTimes;
  private readonly admission: Admission;
  private isRunning = false;
  private running: Promise<void> = Promise.resolve();
  /** Ends the collecting of the next batch. */
  private stopCollecting: () => void = () => undefined;

  /** @param now milliseconds of a clock that never goes back */
  constructor(
    private readonly limits: BatcherLimits,
    private readonly decideBatch: DecideBatch,
    private readonly noteTurned: NoteTurned = () => undefined,
    now?: () => number,
  ) {
    this.times = new ServiceTimes(now);
    this.admission = new Admission(this.queue, this.times, limits.size);
  }

  /** Requests that are in no batch yet. */
  get waiting(): number {
    return this.queue.size;
  }

  /** Milliseconds that the request of a connection of its own would take now, as far as is known. */
  get expectedMilliseconds(): number {
    return this.admission.expected(STRANGER);
  }

  /** @throws ExhaustedError when too many requests wait, or the answer cannot be expected before the deadline */
  submit(ask: Ask, patience: Patience): Promise<Answer> {
    const refused = this.refuse(patience);
    if (refused !== undefined) {
      this.noteTurned(refused.why);
      return Promise.reject(refused.error);
    }
    return new Promise((resolve, reject) => {
      this.queue.push({ ask, patience, submitted: monotonicMicroseconds(), resolve, reject });
      if (this.queue.size >= this.limits.size) this.stopCollecting();
      if (!this.isRunning) this.running = this.run();
    });
  }

  /** Resolves when nothing waits or runs. */
  async drained(): Promise<void> {
    while (this.isRunning) await this.running;
  }

  /** Rejects all that are in no batch yet. */
  dismiss(error: Error): void {
    for (const { reject } of this.queue.remove(() => true)) reject(error);
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    try {
      while (this.queue.size > 0) {
        if (this.queue.size < this.limits.size) await this.collect();
        const batch = this.takeBatch();
        if (batch.length > 0) await this.decide(batch);
      }
    } finally {
      // At once, not when the promise settles: a request that comes between would wait for the one after it.
      this.isRunning = false;
    }
  }

  /** Resolves when the batch is full, or has been collected for long enough. */
  private collect(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.limits.milliseconds);
      this.stopCollecting = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private refuse(patience: Patience): Refused | undefined {
    const connection = connectionOf({ patience });
    const refused = this.admission.refuse(patience, connection);
    if (refused !== undefined || this.queue.size < this.limits.queue) return refused;
    const displaced = this.queue.displaceFor(connection);
    const full = `${this.limits.queue} requests are waiting already`;
    if (displaced === undefined) return { why: Turned.Full, error: this.admission.tooMany(full, connection) };
    const ofLongest = this.admission.tooMany(
      `${full}, most of them of this connection`,
      connectionOf(displaced),
    );
    this.turnAway(displaced, { why: Turned.Full, error: ofLongest });
    return undefined;
  }

  private takeBatch(): Pending[] {
    for (const { pending, ...refused } of this.admission.leave()) this.turnAway(pending, refused);
    return this.queue.take(this.limits.size);
  }

  private turnAway({ reject }: Pending, { why, error }: Refused): void {
    this.noteTurned(why);
    reject(error);
  }

  private async decide(batch: readonly Pending[]): Promise<void> {
    this.times.begin(batch.length);
    try {
      await this.decideBatch(batch);
    } finally {
      this.times.end();
    }
  }
}
