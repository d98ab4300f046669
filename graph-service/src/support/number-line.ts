/**
 * A hop without an iris service: people live on a number line and the nearer number ranks first. It keeps to the rules
 * of the wire, so that what breaks them fails here too.
 */
import { createHash } from 'node:crypto';
import { monotonicMicroseconds } from '@irispair/common/clock/monotonic';
import { DeadlineExceededError } from '@irispair/common/errors/errors';
import { unpackVectorIds } from '@irispair/common/ids/vector-id';
import { StepStatus, type OpenSearch, type StepAnswer } from '@irispair/proto/compute';
import type { HopPort, HopStep } from '../hop/hop-port.js';

/** Where a serial id lives. */
export type PlaceOf = (serial: number) => number;

/** Places all over the line, so far apart that no two people are as near to a third. */
export function scattered(seed: number): PlaceOf {
  const places = new Map<number, number>();
  return (serial) => {
    const known = places.get(serial);
    if (known !== undefined) return known;
    const place = createHash('sha256').update(`${seed}/${serial}`).digest().readUIntBE(0, 6);
    places.set(serial, place);
    return place;
  };
}

interface Met {
  readonly serial: number;
  readonly distance: number;
  /** Index into the candidates of the step that brought it; undefined once that step is answered. */
  brought: number | undefined;
}

interface Search {
  readonly from: number;
  readonly ef: number;
  readonly met: Set<number>;
  ranked: Met[];
}

/** The reference implementation of the hop's far end. A query handle is a place itself. */
export class NumberLine implements HopPort {
  /** Everything asked so far. */
  readonly steps: HopStep[] = [];
  private readonly searches = new Map<number, Search>();
  private lastSearchId = 0;

  /** @param matchReach people at most this far apart match */
  constructor(
    private readonly placeOf: PlaceOf,
    private readonly matchReach = 0,
  ) {}

  /** Searches opened and not closed. */
  get openSearches(): number {
    return this.searches.size;
  }

  nextSearchId(): number {
    this.lastSearchId += 1;
    return this.lastSearchId;
  }

  /** As the hop: rejects, and closes the search, when the step's deadline has passed. */
  async evaluate(step: HopStep): Promise<StepAnswer> {
    this.steps.push(step);
    const search = this.searchOf(step);
    if (step.close) this.searches.delete(step.searchId);
    // An answer never comes at once.
    await Promise.resolve();
    if (step.deadline !== 0 && step.deadline < monotonicMicroseconds()) {
      this.searches.delete(step.searchId);
      throw new DeadlineExceededError('the deadline had passed');
    }
    return this.answer(step, search);
  }

  /** The nearest of these serial ids to a place, nearest first; of two as near, the first of them. */
  nearest(place: number, serials: readonly number[], most: number): number[] {
    const distance = (serial: number) => Math.abs(this.placeOf(serial) - place);
    return [...serials].sort((a, b) => distance(a) - distance(b)).slice(0, most);
  }

  private searchOf({ searchId, open }: HopStep): Search {
    const known = this.searches.get(searchId);
    if ((known === undefined) === (open === undefined)) {
      throw new Error(`search ${searchId} is ${known === undefined ? 'not open' : 'open already'}`);
    }
    if (known !== undefined) return known;
    const search = {
      from: this.placeOfQuery(open?.query),
      ef: open?.ef ?? 0,
      met: new Set<number>(),
      ranked: [],
    };
    this.searches.set(searchId, search);
    return search;
  }

  private placeOfQuery(query: OpenSearch['query']): number {
    if (query === undefined) throw new Error('a search without a query');
    return query.$case === 'queryHandle' ? query.value : this.placeOf(query.value.serialId);
  }

  private answer({ searchId, candidates }: HopStep, search: Search): StepAnswer {
    unpackVectorIds(candidates).forEach(({ serialId: serial }, brought) => {
      if (search.met.has(serial)) throw new Error(`${serial} came twice in search ${searchId}`);
      search.met.add(serial);
      search.ranked.push({ serial, distance: Math.abs(this.placeOf(serial) - search.from), brought });
    });
    search.ranked = search.ranked.sort((a, b) => a.distance - b.distance).slice(0, search.ef);
    const entered = search.ranked.flatMap(({ brought }, rank) =>
      brought === undefined ? [] : [brought, rank],
    );
    for (const met of search.ranked) met.brought = undefined;
    return {
      searchId,
      status: StepStatus.OK,
      entered: Buffer.from(Uint32Array.from(entered).buffer),
      matchCount: search.ranked.filter(({ distance }) => distance <= this.matchReach).length,
      neighbourhoodSize: search.ranked.length,
      stale: 0,
      distances: Buffer.alloc(0),
      detail: '',
    };
  }
}
