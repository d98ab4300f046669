/**
 * Repeats a share of the real searches exactly, when the iris service has nothing else to do.
 *
 * 1. A batch hands over the searches that were drawn, once it is answered; their queries are kept.
 * 2. A few of them go together in one scan that gives way to all other work.
 * 3. What the scan finds is held against what the walks found. Somebody enrolled after the request was decided, or changed
 *    since, does not count.
 * 4. Whoever was missed is logged with the walks that missed them.
 * When audits come faster than idle time allows, further ones are skipped; they are skipped, too, when the iris service
 * goes away. Either is counted.
 */
import type { VectorId } from '@irispair/common/ids/vector-id';
import { Orientation, Side, SIDES, sideName } from '@irispair/common/iris/side';
import type { Logger } from '@irispair/common/log/logger';
import { openSearch } from '../hop/open-search.js';
import type { GraphIndex } from '../index/graph-index.js';
import type { IrisClient } from '../iris/iris-client.js';
import type { Moment, Registry } from '../iris/registry.js';
import { releaseQueries } from '../iris/release-queries.js';
import type { Decision } from '../matching/decision.js';
import type { FourSearches } from '../matching/sightings.js';
import type { RecallMetrics } from '../telemetry/recall-metrics.js';
import type { ComparisonTerms, SearchResult } from '../walk/order.js';
import { findings, type BothSides } from './findings.js';
import { addTallies } from './wilson.js';

/** A decided request that was drawn. */
export interface DrawnSearch {
  /** Its prepared query. */
  readonly handle: number;
  readonly walked: FourSearches;
  /** When its walks saw the graph. */
  readonly moment: Moment;
  /** What is logged of it when somebody was missed. */
  readonly about: {
    readonly requestId: string | undefined;
    readonly request: 'enroll' | 'search';
    readonly decision: Decision;
    /** Who the caller became; null when nobody. */
    readonly enrolledAs: number | null;
    readonly ef: number;
    readonly entryPoints: number;
    readonly upperLayers: number;
  };
}

/** What audits are made with. */
export interface AuditorParts {
  readonly client: IrisClient;
  readonly registry: Registry;
  readonly index: GraphIndex;
  readonly terms: ComparisonTerms;
  readonly metrics: RecallMetrics;
  readonly logger: Logger;
}

const MOST_WAITING = 64;
/** Audits that share one pass over the irises. */
const AUDITS_A_SCAN = 8;
/** Of the neighbourhood of a walk that missed somebody, so many are logged. */
const NEAREST_LOGGED = 8;

const HELD = [Orientation.Normal, Orientation.Mirror] as const;
const SEARCHES_A_CAPTURE = HELD.length * SIDES.length;

/** The audits of one service. */
export class Auditor {
  private readonly waiting: DrawnSearch[] = [];
  private readonly closing = new AbortController();
  private isWorking = false;
  private working: Promise<void> = Promise.resolve();

  /** @param share of the searches that are drawn, 0 to 1 */
  constructor(
    private readonly share: number,
    private readonly parts: AuditorParts,
  ) {}

  /** Draws lots: whether the next search is audited. */
  draw(): boolean {
    return Math.random() < this.share;
  }

  /** Takes searches over. Returns the queries that it keeps, and releases when it is done. */
  take(drawn: readonly DrawnSearch[]): ReadonlySet<number> {
    const room = this.closing.signal.aborted ? 0 : MOST_WAITING - this.waiting.length;
    const taken = drawn.slice(0, room);
    this.parts.metrics.skip('behind', drawn.length - taken.length);
    this.waiting.push(...taken);
    if (!this.isWorking) this.working = this.work();
    return new Set(taken.map(({ handle }) => handle));
  }

  /** Ends the scan in progress; what waits is skipped. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.working;
  }

  private async work(): Promise<void> {
    this.isWorking = true;
    while (this.waiting.length > 0) {
      const some = this.waiting.splice(0, AUDITS_A_SCAN);
      try {
        await this.audit(some);
      } catch (error) {
        this.parts.metrics.skip('failed', some.length);
        this.parts.logger.debug({ err: error, audits: some.length }, 'audits were skipped');
      }
      await this.release(some);
    }
    // At once, not when the promise settles: what is taken between would wait for the next batch.
    this.isWorking = false;
  }

  private async audit(drawn: readonly DrawnSearch[]): Promise<void> {
    const { client, terms, metrics } = this.parts;
    this.checkKnown(drawn);
    const searches = drawn.flatMap(({ handle }) =>
      HELD.flatMap((orientation) => SIDES.map((side) => openSearch({ handle }, side, orientation, 1, terms))),
    );
    const started = performance.now();
    const exact = await client.scanWhenIdle(searches, this.closing.signal);
    this.checkKnown(drawn);
    metrics.scanned((performance.now() - started) / 1_000);
    drawn.forEach((one, place) => {
      this.compare(one, exact.slice(SEARCHES_A_CAPTURE * place, SEARCHES_A_CAPTURE * (place + 1)));
    });
  }

  /** A registry that was read anew means an iris service that may know other queries under the same handles. */
  private checkKnown(drawn: readonly DrawnSearch[]): void {
    if (!drawn.every(({ moment }) => this.parts.registry.remembers(moment)))
      throw new Error('the iris service was away meanwhile');
  }

  private compare(drawn: DrawnSearch, exact: readonly SearchResult[]): void {
    const { registry, metrics } = this.parts;
    const counts = (id: VectorId) => registry.isCurrentSince(id, drawn.moment);
    const [normal, mirror] = HELD.map((orientation) => {
      const [left, right] = exact.slice(SIDES.length * orientation);
      const walked = walkedIn(drawn, orientation);
      const found = findings([left, right], walked, counts);
      for (const id of found.missed) this.logMissed(drawn, id, orientation, walked);
      return found;
    });
    metrics.audited({
      people: addTallies(normal.people, mirror.people),
      eyes: addTallies(normal.eyes, mirror.eyes),
    });
  }

  private logMissed(
    { about }: DrawnSearch,
    missed: VectorId,
    orientation: Orientation,
    walked: BothSides,
  ): void {
    const walks = SIDES.map((side) => {
      const { neighbours, matchCount, hops, candidates } = walked[side];
      return {
        side: sideName(side),
        hops,
        visited: candidates,
        matches: matchCount,
        nearest: neighbours.slice(0, NEAREST_LOGGED).map(({ serialId }) => serialId),
        linksOfMissed: this.parts.index.neighbours(side, 0, missed.serialId).length,
      };
    });
    this.parts.logger.warn(
      {
        ...about,
        missed: missed.serialId,
        version: missed.version,
        orientation: orientation === Orientation.Normal ? 'normal' : 'mirror',
        walks,
      },
      'walks missed somebody who matches by both eyes',
    );
  }

  private async release(drawn: readonly DrawnSearch[]): Promise<void> {
    const { client, registry, logger } = this.parts;
    const known = drawn.filter(({ moment }) => registry.remembers(moment));
    await releaseQueries(
      client,
      known.map(({ handle }) => handle),
      logger,
    );
  }
}

function walkedIn({ walked }: DrawnSearch, orientation: Orientation): BothSides {
  const { normal, mirror } = walked;
  const searches = orientation === Orientation.Normal ? normal : mirror;
  return [searches[Side.Left], searches[Side.Right]];
}
