/**
 * Who is let into the queue, and who is kept in it, by the wait to be expected.
 *
 * 1. A request that comes is refused when its answer cannot be expected before its deadline, at once: it can go elsewhere
 *    or come back. It is told after how long.
 * 2. When a batch is formed, those leave that nobody waits for any longer, and those that it cannot answer in time. Nothing
 *    was done for them yet.
 * A request that has nothing to wait for is always let in: the times measured would otherwise never be corrected.
 */
import { CancelledError, DeadlineExceededError, ExhaustedError } from '@irispair/common/errors/errors';
import { connectionOf, type FairQueue } from './fair-queue.js';
import type { Patience, Pending } from './request.js';
import type { ServiceTimes } from './service-times.js';

/** Milliseconds for which those wait at most who give no deadline. */
const LONGEST_WAIT = 600_000;
/** Whoever is refused is not asked to come back sooner or later than this, milliseconds. */
const SOONEST = 50;
const LATEST = 60_000;

/** Why a request was not decided. */
export enum Turned {
  /** The queue was full. */
  Full = 'queue_full',
  /** It came when its answer was not to be expected in time. */
  Late = 'expected_late',
  /** It waited, and the batch that would have taken it could not have answered in time. */
  Overtaken = 'overtaken',
  /** Its deadline passed while it waited. */
  Expired = 'expired',
  /** Its caller went away while it waited. */
  Gone = 'cancelled',
}

const EXPIRED = 'the deadline passed: nothing was stored';

/** A request that is not decided, and what its caller hears. */
export interface Refused {
  readonly why: Turned;
  readonly error: Error;
}

/** Judges requests by the queue before them. */
export class Admission {
  /** @param batchSize requests decided together at most */
  constructor(
    private readonly queue: FairQueue,
    private readonly times: ServiceTimes,
    private readonly batchSize: number,
  ) {}

  /** Milliseconds until a request of this connection, if it came now, would be answered, as far as is known. */
  expected(connection: string): number {
    const before = Math.floor(this.queue.ahead(connection) / this.batchSize);
    const own = Math.min(this.batchSize, this.queue.size + 1 - before * this.batchSize);
    return this.times.ofRest() + before * this.times.ofBatch(this.batchSize) + this.times.ofBatch(own);
  }

  /** Why a request that comes is not let in; undefined when it is. */
  refuse(patience: Patience, connection: string): Refused | undefined {
    const impatience = lost(patience);
    if (impatience !== undefined) return { why: whyLost(patience), error: impatience };
    if (this.queue.size === 0 && !this.times.isRunning) return undefined;
    const expected = this.expected(connection);
    const isPatient = patience.deadline === Infinity;
    const left = isPatient ? LONGEST_WAIT : patience.deadline - Date.now();
    if (left >= expected) return undefined;
    const least = Math.round(left);
    const limit = isPatient ? `the longest wait is ${least} ms` : `the deadline is in ${least} ms`;
    const error = this.tooMany(
      `so many requests wait that an answer takes ${Math.round(expected)} ms, and ${limit}`,
      connection,
    );
    return { why: Turned.Late, error };
  }

  /** A refusal that says when to come back. @param problem begins the message */
  tooMany(problem: string, connection: string): ExhaustedError {
    const retryMilliseconds = Math.round(Math.min(LATEST, Math.max(SOONEST, this.expected(connection))));
    return new ExhaustedError(`${problem}: try again in ${retryMilliseconds} ms`, { retryMilliseconds });
  }

  /** Takes out of the queue whatever the next batch would decide in vain. */
  leave(): (Refused & { readonly pending: Pending })[] {
    const now = Date.now();
    const gone = this.queue.remove(({ patience }) => lost(patience) !== undefined);
    const next = this.times.ofBatch(Math.min(this.batchSize, Math.max(1, this.queue.size)));
    const isInTime = ({ patience }: Pending) => patience.deadline - now >= next;
    // Times measured may be wrong: when nobody would be left, the most patient one is tried.
    let latest = 0;
    const late = this.queue.remove((pending) => {
      latest = Math.max(latest, pending.patience.deadline);
      return !isInTime(pending);
    });
    const tried = this.queue.size > 0 ? undefined : late.find(({ patience }) => patience.deadline === latest);
    if (tried !== undefined) this.queue.push(tried);
    return [
      ...gone.map((pending) => ({ pending, ...this.lose(pending.patience) })),
      ...late.filter((one) => one !== tried).map((pending) => ({ pending, ...this.overtake(pending, next) })),
    ];
  }

  private lose(patience: Patience): Refused {
    return { why: whyLost(patience), error: lost(patience) ?? new DeadlineExceededError(EXPIRED) };
  }

  private overtake(pending: Pending, next: number): Refused {
    const problem = `other requests came first, and the next answers come in ${Math.round(next)} ms, after the deadline`;
    return { why: Turned.Overtaken, error: this.tooMany(problem, connectionOf(pending)) };
  }
}

/** Why nobody waits for the answer any longer; undefined while somebody does. */
export function lost({ deadline, signal }: Patience): Error | undefined {
  if (signal.aborted) return new CancelledError('the caller went away: nothing was stored');
  if (Date.now() > deadline) return new DeadlineExceededError(EXPIRED);
  return undefined;
}

function whyLost({ signal }: Patience): Turned {
  return signal.aborted ? Turned.Gone : Turned.Expired;
}
