/**
 * Collects requests into batches, one batch after the other.
 *
 * A batch searches only after the one before it is enrolled and linked: otherwise two copies of a person could pass in
 * neighbouring batches. Requests whose caller went away leave the queue.
 */
import { monotonicMicroseconds } from '@irispair/common/clock/monotonic';
import { CancelledError, DeadlineExceededError, ExhaustedError } from '@irispair/common/errors/errors';
import type { Answer, Ask, Patience, Pending } from './request.js';

/** Limits of a batcher. */
export interface BatcherLimits {
  readonly size: number;
  readonly milliseconds: number;
  readonly queue: number;
}

/** Decides one batch: settles every request of it. */
export type DecideBatch = (batch: readonly Pending[]) => Promise<void>;

/** The queue before the decisions. */
export class Batcher {
  private queue: Pending[] = [];
  private isRunning = false;
  private running: Promise<void> = Promise.resolve();
  /** Ends the collecting of the next batch. */
  private stopCollecting: () => void = () => undefined;

  constructor(
    private readonly limits: BatcherLimits,
    private readonly decideBatch: DecideBatch,
  ) {}

  /** Requests that are in no batch yet. */
  get waiting(): number {
    return this.queue.length;
  }

  /** @throws ExhaustedError when too many requests wait */
  submit(ask: Ask, patience: Patience): Promise<Answer> {
    if (this.queue.length >= this.limits.queue) {
      return Promise.reject(
        new ExhaustedError(`${this.limits.queue} requests are waiting already: try again later`),
      );
    }
    return new Promise((resolve, reject) => {
      this.queue.push({ ask, patience, submitted: monotonicMicroseconds(), resolve, reject });
      if (this.queue.length >= this.limits.size) this.stopCollecting();
      if (!this.isRunning) this.running = this.run();
    });
  }

  /** Resolves when nothing waits or runs. */
  async drained(): Promise<void> {
    while (this.isRunning) await this.running;
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    try {
      while (this.queue.length > 0) {
        if (this.queue.length < this.limits.size) await this.collect();
        const batch = this.takeBatch();
        if (batch.length > 0) await this.decideBatch(batch);
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

  /** Requests for one serial id keep their order: the second waits for the next batch. */
  private takeBatch(): Pending[] {
    const batch: Pending[] = [];
    const rest: Pending[] = [];
    const touched = new Set<number>();
    for (const pending of this.queue) {
      const impatience = lost(pending.patience);
      const serial = 'serialId' in pending.ask ? pending.ask.serialId : undefined;
      if (impatience !== undefined) {
        pending.reject(impatience);
      } else if (batch.length === this.limits.size || (serial !== undefined && touched.has(serial))) {
        rest.push(pending);
      } else {
        batch.push(pending);
        if (serial !== undefined) touched.add(serial);
      }
    }
    this.queue = rest;
    return batch;
  }
}

/** Why nobody waits for the answer any longer; undefined while somebody does. */
export function lost({ deadline, signal }: Patience): Error | undefined {
  if (signal.aborted) return new CancelledError('the caller went away: nothing was stored');
  if (Date.now() > deadline) return new DeadlineExceededError('the deadline passed: nothing was stored');
  return undefined;
}
