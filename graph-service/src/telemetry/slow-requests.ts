/**
 * Keeps the slowest of the recent requests, with when each stage of their batch began and ended.
 *
 * 1. A batch notes its stages once for all its requests, and the searches of each.
 * 2. A request that ends is dropped at once unless it is among the slowest; only of one that is kept an account is made.
 *
 * Kept are kinds and times, and nothing of what was asked or decided.
 */
import { monotonicMicroseconds } from '@irispair/common/clock/monotonic';
import { Side } from '@irispair/common/iris/side';
import type { Pending } from '../batch/request.js';
import type { FourSearches } from '../matching/sightings.js';
import type { BatchStage, SlowRequest } from '../page/snapshot.js';
import type { SearchResult } from '../walk/order.js';

/** Requests kept. */
export const MOST_KEPT = 15;

/** For so long a request is recent. */
export const RECENT_MICROSECONDS = 300e6;

/** What a batch tells while it is decided. */
export interface BatchObserver {
  /** A stage begins, and ends when the work settles. */
  during<Result>(stage: BatchStage, work: () => Promise<Result>): Promise<Result>;
  /** The searches of a request are done, or failed. */
  searched(pending: Pending, searches: FourSearches | Error): void;
}

interface Interval {
  readonly started: number;
  readonly finished: number;
}

type Account = Omit<SlowRequest, 'endedAgoMilliseconds'>;

interface Kept {
  readonly finished: number;
  readonly account: Account;
}

/** The slowest requests of the last minutes. */
export class SlowRequests {
  private readonly kept: Kept[] = [];
  private noted = 0;
  private decided = 0;

  /** Requests that ended since the start. */
  get requests(): number {
    return this.noted;
  }

  /** Batches decided since the start. */
  get batches(): number {
    return this.decided;
  }

  /** Decides a batch and notes how long its requests take. */
  async watch(
    batch: readonly Pending[],
    decide: (batch: readonly Pending[], observer: BatchObserver) => Promise<void>,
  ): Promise<void> {
    const watch = new BatchWatch(batch.length);
    const watched = batch.map((pending): Pending => {
      const end = (ended: SlowRequest['ended']) => {
        this.note(watched, watch, ended);
      };
      const watched: Pending = {
        ...pending,
        resolve(answer) {
          end('answered');
          pending.resolve(answer);
        },
        reject(error) {
          end('failed');
          pending.reject(error);
        },
      };
      return watched;
    });
    await decide(watched, watch);
    this.decided += 1;
  }

  /** Slowest first. */
  read(): SlowRequest[] {
    const now = monotonicMicroseconds();
    this.forgetOld(now);
    return this.kept
      .map(({ finished, account }) => ({ ...account, endedAgoMilliseconds: (now - finished) / 1e3 }))
      .sort((one, other) => other.milliseconds - one.milliseconds);
  }

  private note(pending: Pending, watch: BatchWatch, ended: SlowRequest['ended']): void {
    // Whoever is settled twice was answered the first time.
    if (watch.settled.has(pending)) return;
    watch.settled.add(pending);
    this.noted += 1;
    const finished = monotonicMicroseconds();
    this.forgetOld(finished);
    if (this.kept.length === MOST_KEPT) {
      const shortest = this.shortest();
      if ((finished - pending.submitted) / 1e3 <= this.kept[shortest].account.milliseconds) return;
      this.kept.splice(shortest, 1);
    }
    this.kept.push({ finished, account: accountOf(this.noted, pending, watch, finished, ended) });
  }

  private shortest(): number {
    let place = 0;
    for (let other = 1; other < this.kept.length; other++) {
      if (this.kept[other].account.milliseconds < this.kept[place].account.milliseconds) place = other;
    }
    return place;
  }

  private forgetOld(now: number): void {
    for (let place = this.kept.length - 1; place >= 0; place--) {
      if (now - this.kept[place].finished > RECENT_MICROSECONDS) this.kept.splice(place, 1);
    }
  }
}

/** The stages of one batch. */
class BatchWatch implements BatchObserver {
  readonly taken = monotonicMicroseconds();
  readonly stages: (Interval & { readonly stage: BatchStage })[] = [];
  readonly searches = new Map<Pending, FourSearches>();
  readonly settled = new Set<Pending>();

  constructor(readonly requests: number) {}

  async during<Result>(stage: BatchStage, work: () => Promise<Result>): Promise<Result> {
    const started = monotonicMicroseconds();
    try {
      return await work();
    } finally {
      this.stages.push({ stage, started, finished: monotonicMicroseconds() });
    }
  }

  searched(pending: Pending, searches: FourSearches | Error): void {
    if (!(searches instanceof Error)) this.searches.set(pending, searches);
  }
}

function accountOf(
  number: number,
  pending: Pending,
  { requests, taken, stages, searches }: BatchWatch,
  finished: number,
  ended: SlowRequest['ended'],
): Account {
  const { submitted } = pending;
  const interval = (one: Interval) => ({
    startMilliseconds: Math.max(0, one.started - submitted) / 1e3,
    milliseconds: (one.finished - one.started) / 1e3,
  });
  return {
    number,
    kind: pending.ask.kind,
    ended,
    milliseconds: (finished - submitted) / 1e3,
    batchRequests: requests,
    waitingMilliseconds: (taken - submitted) / 1e3,
    stages: stages
      .map(({ stage, ...one }) => ({ stage, ...interval(one) }))
      .sort((one, other) => one.startMilliseconds - other.startMilliseconds),
    searches: namedSearches(searches.get(pending)).map(([side, orientation, search]) => ({
      side,
      orientation,
      hops: search.hops,
      candidates: search.candidates,
      onHopMilliseconds: search.times.onHop / 1e3,
      ...interval(search.times),
    })),
  };
}

type NamedSearch = readonly [side: 'left' | 'right', orientation: 'normal' | 'mirror', search: SearchResult];

function namedSearches(four: FourSearches | undefined): NamedSearch[] {
  if (four === undefined) return [];
  return [
    ['left', 'normal', four.normal[Side.Left]],
    ['right', 'normal', four.normal[Side.Right]],
    ['left', 'mirror', four.mirror[Side.Left]],
    ['right', 'mirror', four.mirror[Side.Right]],
  ];
}
