/**
 * Finds what is known about captures: the searches of a whole batch at once, by walks or by a scan, and the direct
 * comparisons that follow.
 */
import { packVectorIds, type VectorId } from '@irispair/common/ids/vector-id';
import { Orientation, SIDES, type Side } from '@irispair/common/iris/side';
import { nodeAttributes, type HopNodes } from '@irispair/common/traces/hop-nodes';
import { SpanKind, type OpenSpan } from '@irispair/common/traces/span';
import { SpanGroup } from '@irispair/common/traces/span-group';
import type { RunNames } from '../agreement/run-names.js';
import type { HopPort } from '../hop/hop-port.js';
import { openSearch } from '../hop/open-search.js';
import type { GraphIndex } from '../index/graph-index.js';
import type { IrisClient } from '../iris/iris-client.js';
import type { BatchMetrics } from '../telemetry/batch-metrics.js';
import { SearchTraces, traceComparison } from '../traces/search-traces.js';
import type { StepTrace } from '../traces/traced-hop.js';
import type { ComparisonTerms, SearchOrder, SearchResult } from '../walk/order.js';
import type { Searched } from '../workers/walker-pool.js';
import { BatchMates } from './batch-mates.js';
import type { FourSearches } from './sightings.js';

/** How candidates are found. */
export type IndexMode = 'hnsw' | 'exact' | 'auto';

/** Up to this many irises a scan is at least as fast as walks: `npm run bench -- crossover`, docs/decisions.md. */
const EXACT_UP_TO = 5_000;

const ORIENTATIONS = [Orientation.Normal, Orientation.Mirror] as const;

/** Whether comparisons with one person tell the distance. */
export enum Distances {
  Told = 'told',
  /** Secret-shared mode: nobody learns them. */
  Hidden = 'hidden',
}

/** How far two eyes are apart. */
export interface SideDistance {
  readonly differing: number;
  readonly unmasked: number;
  readonly rotation: number;
}

/** One side of a comparison with one person. */
export interface SideComparison {
  readonly matches: boolean;
  /** Undefined where distances are hidden. */
  readonly distance: SideDistance | undefined;
}

/** One search that is a single step. */
interface DirectComparison {
  readonly side: Side;
  readonly orientation: Orientation;
  readonly ids: readonly VectorId[];
  readonly withDistances: boolean;
  readonly run: Buffer | undefined;
}

/** Searches and comparisons. */
export class Matcher {
  constructor(
    private readonly index: GraphIndex,
    private readonly client: IrisClient,
    private readonly hop: HopPort,
    private readonly terms: ComparisonTerms,
    private readonly mode: IndexMode,
    private readonly metrics: BatchMetrics,
    private readonly nodes: HopNodes,
    private readonly distances: Distances = Distances.Told,
  ) {}

  /** How the next batch is searched. */
  get usesWalks(): boolean {
    return this.mode === 'hnsw' || (this.mode === 'auto' && this.index.size > EXACT_UP_TO);
  }

  /**
   * The four searches of every capture; a capture one of whose searches failed has its error instead.
   * @param deadlines monotonic microseconds, 0 for none, one a capture
   * @param traces one a capture; undefined for those that are not traced
   * @param runs names the searches
   */
  async searchAll(
    handles: readonly number[],
    deadlines: readonly number[],
    traces: readonly (OpenSpan | undefined)[],
    runs: RunNames,
  ): Promise<(FourSearches | Error)[]> {
    const { ef } = this.index.parameters;
    const orders = handles.flatMap((handle, index) =>
      ORIENTATIONS.flatMap((orientation) =>
        SIDES.map((side): SearchOrder => ({
          probe: { handle },
          side,
          orientation,
          ef,
          layer: 0,
          deadline: deadlines[index],
          run: runs.next('search', index, side, orientation),
        })),
      ),
    );
    const results = await this.search(orders, traces);
    return handles.map((_, index) => fourOf(results.slice(4 * index, 4 * index + 4)));
  }

  private async search(
    orders: readonly SearchOrder[],
    traces: readonly (OpenSpan | undefined)[],
  ): Promise<readonly Searched[]> {
    const method = this.usesWalks ? 'walk' : 'scan';
    const shown = SearchTraces.begin(orders, (index) => traces[index >>> 2], method, this.nodes);
    try {
      const results = await this.metrics.watchSearches(method, () =>
        method === 'walk'
          ? this.index.search(shown.orders, (index, walk) => {
              shown.told(index, walk);
            })
          : this.scan(shown.orders, SpanGroup.of(traces)),
      );
      shown.end(results);
      return results;
    } catch (error) {
      shown.fail(error);
      throw error;
    }
  }

  /**
   * The requests of a batch against each other.
   * @param traces one a request; undefined for those that are not traced
   */
  async compareBatch(
    handles: readonly number[],
    traces: readonly (OpenSpan | undefined)[],
    runs: RunNames,
  ): Promise<BatchMates> {
    if (handles.length < 2) return BatchMates.alone();
    const run = runs.next('batch mates', handles.length);
    const request = { queryHandles: [...handles], baseRotation: 0, ...this.terms, run };
    const bits = await SpanGroup.of(traces).watch(
      'batch mates',
      SpanKind.Client,
      ({ context }) => this.client.compare({ ...request, trace: context }),
      { ...nodeAttributes(this.nodes), 'irispair.compare.queries': handles.length },
    );
    return new BatchMates(handles.length, bits);
  }

  /** The serial ids that match, by one search that holds them all. */
  async compareDirectly(
    handle: number,
    side: Side,
    orientation: Orientation,
    ids: readonly VectorId[],
    run: Buffer | undefined,
    trace: OpenSpan | undefined,
  ): Promise<ReadonlySet<number>> {
    const comparison = { side, orientation, ids, withDistances: false, run };
    const { entered, matchCount } = await this.evaluateOnce(handle, comparison, trace);
    const matching = new Set<number>();
    for (let rank = 0; rank < matchCount; rank++) matching.add(ids[entered.readUInt32LE(8 * rank)].serialId);
    return matching;
  }

  /** How a capture compares with one enrolled person on one side. */
  async compareOne(
    handle: number,
    side: Side,
    id: VectorId,
    run: Buffer | undefined,
    trace: OpenSpan | undefined,
  ): Promise<SideComparison> {
    const withDistances = this.distances === Distances.Told;
    const comparison = { side, orientation: Orientation.Normal, ids: [id], withDistances, run };
    const { distances, matchCount } = await this.evaluateOnce(handle, comparison, trace);
    return {
      matches: matchCount === 1,
      distance: withDistances ? readDistance(distances) : undefined,
    };
  }

  private evaluateOnce(
    handle: number,
    { side, orientation, ids, withDistances, run }: DirectComparison,
    above: OpenSpan | undefined,
  ) {
    const evaluate = (trace?: StepTrace) =>
      this.hop.evaluate({
        searchId: this.hop.nextSearchId(),
        open: openSearch({ handle }, side, orientation, ids.length, this.terms, run),
        candidates: packVectorIds(ids),
        close: true,
        withDistances,
        deadline: 0,
        trace,
      });
    return above === undefined
      ? evaluate()
      : traceComparison(above, { side, orientation, candidates: ids.length }, this.nodes, evaluate);
  }

  private async scan(orders: readonly SearchOrder[], traces: SpanGroup): Promise<Searched[]> {
    if (orders.length === 0) return [];
    const searches = orders.map(({ probe, side, orientation, ef }) =>
      openSearch(probe, side, orientation, ef, this.terms),
    );
    return traces.watch('scan', SpanKind.Client, ({ context }) => this.client.scan(searches, context), {
      ...nodeAttributes(this.nodes),
      'irispair.scan.searches': searches.length,
    });
  }
}

function readDistance(distances: Buffer): SideDistance {
  return {
    differing: distances.readUInt16LE(0),
    unmasked: distances.readUInt16LE(2),
    rotation: distances.readInt16LE(4),
  };
}

function fourOf(results: readonly Searched[]): FourSearches | Error {
  const good: SearchResult[] = [];
  for (const result of results) {
    if (result instanceof Error) return result;
    good.push(result);
  }
  const [normalLeft, normalRight, mirrorLeft, mirrorRight] = good;
  return { normal: [normalLeft, normalRight], mirror: [mirrorLeft, mirrorRight] };
}
