/**
 * Snapshots of the service for the page, one for all who ask within a moment.
 *
 * While the graph is being loaded there is little to tell; from then on the service's parts are read.
 */
import { monotonicMicroseconds } from '@irispair/common/clock/monotonic';
import type { PlacementDecision } from '@irispair/common/placement/decide';
import { DURATION_BOUNDS, type Buckets } from '@irispair/common/telemetry/buckets';
import { VERSION } from '@irispair/common/version';
import type { Desk } from '../batch/desk.js';
import type { GraphIndex } from '../index/graph-index.js';
import type { Registry } from '../iris/registry.js';
import type { Matcher } from '../matching/matcher.js';
import type { CatchUpProgress } from '../telemetry/catch-up-progress.js';
import type { SlowRequests } from '../telemetry/slow-requests.js';
import { nothingYet, type RecentPlacement } from './recent-placement.js';
import type { HopFigures, Snapshot } from './snapshot.js';

/** What is read once the graph is loaded. */
export interface WatchedParts {
  readonly index: GraphIndex;
  readonly registry: Registry;
  readonly matcher: Matcher;
  readonly desk: Desk;
  readonly slowRequests: SlowRequests;
  readonly catchUp: CatchUpProgress;
  readonly placement: RecentPlacement;
  /** Why enrolments are refused; empty while they are taken. */
  readonly storeAway: () => string;
}

const KEPT_MILLISECONDS = 250;

/** Makes snapshots. */
export class Snapshots {
  private parts: WatchedParts | undefined;
  private text = '';
  private takenAt = -Infinity;
  private readonly startedAt = Math.round(performance.timeOrigin);

  /** @param notReady why the service does not do its whole work; undefined while it does */
  constructor(
    private readonly decision: PlacementDecision,
    private readonly notReady: () => string | undefined,
  ) {}

  /** The graph is loaded. */
  watch(parts: WatchedParts): void {
    this.parts = parts;
    this.takenAt = -Infinity;
  }

  /** The snapshot of the moment, as JSON. */
  read(): string {
    const now = performance.now();
    if (now - this.takenAt > KEPT_MILLISECONDS) {
      this.text = JSON.stringify(this.take());
      this.takenAt = now;
    }
    return this.text;
  }

  private take(): Snapshot {
    const { parts } = this;
    const { placement, reason } = this.decision;
    return {
      version: VERSION,
      startedAt: this.startedAt,
      clockMilliseconds: monotonicMicroseconds() / 1e3,
      state: {
        notReady: this.notReady() ?? '',
        storeAway: parts?.storeAway() ?? '',
        catchUp: { done: parts?.catchUp.done ?? 0, all: parts?.catchUp.all ?? 0 },
      },
      decision: { placement, reason },
      placement: parts?.placement.read() ?? nothingYet(),
      work: parts === undefined ? null : workOf(parts),
      hop: parts === undefined ? null : hopOf(parts.index),
      slowRequests: parts?.slowRequests.read() ?? [],
    };
  }
}

function workOf({ index, registry, matcher, desk, slowRequests }: WatchedParts): Snapshot['work'] {
  return {
    enrolled: registry.live,
    graphNodes: index.size,
    method: matcher.usesWalks ? 'walk' : 'scan',
    walkers: index.threads.running,
    waitingRequests: desk.waiting,
    requests: slowRequests.requests,
    batches: slowRequests.batches,
  };
}

function hopOf(index: GraphIndex): HopFigures {
  const { hops, steps, candidates, bytes, disconnects } = index.counters();
  const durations = index.durations();
  return {
    hops,
    steps,
    candidates,
    bytes,
    disconnects,
    bounds: [...DURATION_BOUNDS],
    durations: {
      transit_out: listOf(durations.transit_out),
      queue: listOf(durations.queue),
      compute: listOf(durations.compute),
      transit_back: listOf(durations.transit_back),
      round_trip: listOf(durations.round_trip),
    },
  };
}

/** A clock that two threads read may be a little behind itself: no sum is shown below zero. */
function listOf(buckets: Buckets): number[] {
  return Array.from(buckets, (figure) => Math.max(0, figure));
}
