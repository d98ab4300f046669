/**
 * Measures recall on what is stored now, for captures at hand or made up.
 *
 * For a group of captures at a time:
 * 1. Prepare them. Those that are made up are made on the iris service, next to the irises.
 * 2. Scan for whom they match, on time that the iris service has left.
 * 3. Walk for them with several sizes of neighbourhood, among the walks of requests.
 * 4. Count whom the walks found of those whom the scan found. Whoever came or changed meanwhile does not count.
 */
import { ExhaustedError, UnavailableError } from '@irispair/common/errors/errors';
import { serialId, type SerialId, type VectorId } from '@irispair/common/ids/vector-id';
import { Orientation, SIDES } from '@irispair/common/iris/side';
import type { Iris } from '@irispair/common/iris/template';
import type { Logger } from '@irispair/common/log/logger';
import type { GraphParameters } from '../graph/parameters.js';
import { openSearch } from '../hop/open-search.js';
import type { GraphIndex } from '../index/graph-index.js';
import type { IrisClient } from '../iris/iris-client.js';
import type { Registry } from '../iris/registry.js';
import { releaseQueries } from '../iris/release-queries.js';
import type { ComparisonTerms, SearchResult } from '../walk/order.js';
import type { Searched } from '../workers/walker-pool.js';
import { findings, type BothSides } from './findings.js';
import { efsToMeasure, suggest, type MeasuredEf, type Suggestion } from './suggest.js';
import { addTallies, NOTHING_EXPECTED, shareOf, type Tally } from './wilson.js';

/** What a measurement is made with. */
export interface MeasurementParts {
  readonly client: IrisClient;
  readonly registry: Registry;
  readonly index: GraphIndex;
  readonly terms: ComparisonTerms;
  /** @throws UnavailableError while there is none */
  readonly sessionId: () => number;
  readonly logger: Logger;
}

/** Where the captures come from. */
export type Captures = { readonly samples: number } | { readonly probes: AsyncIterable<Iris> };

/** How far it is. */
export interface MeasuredSoFar {
  readonly done: number;
  /** 0 while nobody knows. */
  readonly all: number;
}

/** What was found. */
export interface MeasuredRecall {
  /** Ascending by ef. */
  readonly measured: readonly MeasuredEf[];
  readonly inUse: GraphParameters;
  readonly captures: number;
  readonly withoutMatch: number;
  readonly suggestion: Suggestion;
}

/** Captures that share a pass over the irises. */
const CAPTURES_A_GROUP = 16;

interface Sums {
  people: Tally;
  eyes: Tally;
  candidates: number;
  walks: number;
}

/** Measures, one measurement at a time. */
export class RecallMeasurement {
  private isRunning = false;

  constructor(private readonly parts: MeasurementParts) {}

  /**
   * Measures; tells how far it is after every group.
   * @param target share of people to be found
   * @param signal ends it
   * @throws ExhaustedError while another runs, UnavailableError when the iris service goes away
   */
  async *run(
    captures: Captures,
    target: number,
    signal: AbortSignal,
  ): AsyncGenerator<MeasuredSoFar, MeasuredRecall> {
    if (this.isRunning)
      throw new ExhaustedError('another measurement of recall runs: wait until it has ended');
    this.isRunning = true;
    try {
      return yield* this.measure(captures, target, signal);
    } finally {
      this.isRunning = false;
    }
  }

  private async *measure(
    captures: Captures,
    target: number,
    signal: AbortSignal,
  ): AsyncGenerator<MeasuredSoFar, MeasuredRecall> {
    const { index } = this.parts;
    const inUse = index.parameters;
    const byEf = new Map(efsToMeasure(inUse).map((ef): [number, Sums] => [ef, noSums()]));
    let done = 0;
    let withoutMatch = 0;
    const { all, groups } = this.prepare(captures);
    for await (const handles of groups) {
      try {
        signal.throwIfAborted();
        withoutMatch += await this.measureGroup(handles, byEf, signal);
      } finally {
        await releaseQueries(this.parts.client, handles, this.parts.logger);
      }
      done += handles.length;
      yield { done, all };
    }
    const measured = Array.from(byEf, ([ef, { people, eyes, candidates, walks }]) => ({
      ef,
      people: shareOf(people),
      eyes: shareOf(eyes),
      candidates: walks === 0 ? 0 : candidates / walks,
    }));
    return {
      measured,
      inUse,
      captures: done,
      withoutMatch,
      suggestion: suggest(measured, inUse, index.size, target),
    };
  }

  private prepare(captures: Captures): { all: number; groups: AsyncGenerator<number[]> } {
    if ('probes' in captures) return { all: 0, groups: this.prepareProbes(captures.probes) };
    const serials = this.drawPeople(captures.samples);
    return { all: serials.length, groups: this.prepareRecaptures(serials) };
  }

  private async *prepareProbes(probes: AsyncIterable<Iris>): AsyncGenerator<number[]> {
    const { client, sessionId } = this.parts;
    let group: Iris[] = [];
    for await (const probe of probes) {
      group.push(probe);
      if (group.length < CAPTURES_A_GROUP) continue;
      yield client.prepare(sessionId(), group, undefined);
      group = [];
    }
    if (group.length > 0) yield client.prepare(sessionId(), group, undefined);
  }

  private async *prepareRecaptures(serials: readonly SerialId[]): AsyncGenerator<number[]> {
    const { client, sessionId } = this.parts;
    for (let first = 0; first < serials.length; first += CAPTURES_A_GROUP) {
      const group = serials.slice(first, first + CAPTURES_A_GROUP);
      const handles = await client.prepareRecaptures(sessionId(), group);
      yield handles.filter((handle) => handle !== 0);
    }
  }

  /** People enrolled now, each at most once. */
  private drawPeople(count: number): SerialId[] {
    const { registry } = this.parts;
    const wanted = Math.min(count, registry.live);
    const drawn = new Set<SerialId>();
    // Where most are wanted, or most are deleted, drawing lots would take for ever.
    if (wanted > registry.highest / 4) {
      const live = registry.all().flatMap(({ id, deleted }) => (deleted ? [] : [id.serialId]));
      for (let place = 0; place < wanted; place++) {
        const other = place + Math.floor(Math.random() * (live.length - place));
        [live[place], live[other]] = [live[other], live[place]];
      }
      return live.slice(0, wanted);
    }
    while (drawn.size < wanted) {
      const id = registry.find(1 + Math.floor(Math.random() * registry.highest));
      if (id !== undefined) drawn.add(serialId(id.serialId));
    }
    return [...drawn];
  }

  /** @returns how many of the captures match nobody */
  private async measureGroup(
    handles: readonly number[],
    byEf: ReadonlyMap<number, Sums>,
    signal: AbortSignal,
  ): Promise<number> {
    if (handles.length === 0) return 0;
    const { client, registry, index, terms } = this.parts;
    const moment = registry.moment();
    const places = handles.flatMap((handle) => SIDES.map((side) => ({ handle, side })));
    const exact = await client.scanWhenIdle(
      places.map(({ handle, side }) => openSearch({ handle }, side, Orientation.Normal, 1, terms)),
      signal,
    );
    const walked = new Map<number, SearchResult[]>();
    for (const ef of byEf.keys()) {
      signal.throwIfAborted();
      const orders = places.map(({ handle, side }) => ({
        probe: { handle },
        side,
        orientation: Orientation.Normal,
        ef,
        layer: 0,
        deadline: 0,
      }));
      walked.set(ef, (await index.search(orders)).map(resultOf));
    }
    if (!registry.remembers(moment))
      throw new UnavailableError('the iris service was away meanwhile: measure again');
    const counts = (id: VectorId) => registry.isCurrentSince(id, moment);
    let withoutMatch = 0;
    handles.forEach((_, place) => {
      let expected = 0;
      for (const [ef, results] of walked) {
        const found = findings(bothSides(exact, place), bothSides(results, place), counts);
        expected = found.people.expected;
        addTo(byEf.get(ef) ?? noSums(), found, bothSides(results, place));
      }
      if (expected === 0) withoutMatch += 1;
    });
    return withoutMatch;
  }
}

function noSums(): Sums {
  return { people: NOTHING_EXPECTED, eyes: NOTHING_EXPECTED, candidates: 0, walks: 0 };
}

function addTo(sums: Sums, found: { people: Tally; eyes: Tally }, walks: BothSides): void {
  sums.people = addTallies(sums.people, found.people);
  sums.eyes = addTallies(sums.eyes, found.eyes);
  sums.candidates += walks[0].candidates + walks[1].candidates;
  sums.walks += walks.length;
}

function bothSides(results: readonly SearchResult[], place: number): BothSides {
  return [results[SIDES.length * place], results[SIDES.length * place + 1]];
}

function resultOf(searched: Searched): SearchResult {
  if (searched instanceof Error) throw searched;
  return searched;
}
