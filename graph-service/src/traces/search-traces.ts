/** Searches and direct comparisons as traces show them: a span each, and its hops below. */
import { Orientation, sideName, type Side } from '@irispair/common/iris/side';
import type { HopNodes } from '@irispair/common/traces/hop-nodes';
import { SpanKind, type OpenSpan, type SpanAttributes } from '@irispair/common/traces/span';
import type { SearchMethod } from '../telemetry/batch-metrics.js';
import type { SearchOrder } from '../walk/order.js';
import type { TracedWalk } from '../workers/messages.js';
import type { Searched } from '../workers/walker-pool.js';
import { showHop, tracedBelow, type StepTrace } from './traced-hop.js';

/** The searches of one batch. */
export class SearchTraces {
  private readonly ended = new Map<number, number>();

  private constructor(
    /** What is searched for, each traced order with the place of its span. */
    readonly orders: readonly SearchOrder[],
    /** By place among the orders. */
    private readonly spans: ReadonlyMap<number, OpenSpan>,
    private readonly nodes: HopNodes,
  ) {}

  /** @param above the span that an order belongs to; undefined when it is not traced */
  static begin(
    orders: readonly SearchOrder[],
    above: (index: number) => OpenSpan | undefined,
    method: SearchMethod,
    nodes: HopNodes,
  ): SearchTraces {
    const spans = new Map<number, OpenSpan>();
    const traced = orders.map((order, index) => {
      const span = above(index)?.child({
        name: 'search',
        kind: SpanKind.Internal,
        attributes: { ...searchAttributes(order), 'irispair.search.method': method },
      });
      if (span === undefined) return order;
      spans.set(index, span);
      return { ...order, trace: span.place };
    });
    return new SearchTraces(traced, spans, nodes);
  }

  /** Takes the hops of a walk, and when it ended. */
  told(index: number, walk: TracedWalk): void {
    const span = this.spans.get(index);
    if (span === undefined) return;
    for (const hop of walk.hops) showHop(span, hop, this.nodes);
    this.ended.set(index, walk.ended);
  }

  /** All have ended, each with its own result or error. */
  end(results: readonly Searched[]): void {
    for (const [index, span] of this.spans) {
      const result = results[index];
      if (result instanceof Error) {
        span.end(result, this.ended.get(index));
        continue;
      }
      span.set({
        'irispair.search.hops': result.hops,
        'irispair.search.candidates': result.candidates,
        'irispair.search.matches': result.matchCount,
      });
      span.end(undefined, this.ended.get(index));
    }
  }

  /** None of them came to an end. */
  fail(error: unknown): void {
    for (const span of this.spans.values()) span.end(error);
  }
}

/** What is compared directly. */
export interface Comparison {
  readonly side: Side;
  readonly orientation: Orientation;
  readonly candidates: number;
}

/**
 * Compares, as a span below another with its hop below itself.
 * @param compare told who traces the step
 */
export async function traceComparison<Answer>(
  above: OpenSpan,
  { side, orientation, candidates }: Comparison,
  nodes: HopNodes,
  compare: (trace: StepTrace) => Promise<Answer>,
): Promise<Answer> {
  const span = above.child({
    name: 'compare',
    kind: SpanKind.Internal,
    attributes: searchAttributes({ side, orientation, ef: candidates }),
  });
  try {
    const answer = await compare(tracedBelow(span, nodes));
    span.end();
    return answer;
  } catch (error) {
    span.end(error);
    throw error;
  }
}

function searchAttributes({
  side,
  orientation,
  ef,
}: Pick<SearchOrder, 'side' | 'orientation' | 'ef'>): SpanAttributes {
  return {
    'irispair.search.side': sideName(side),
    'irispair.search.orientation': orientation === Orientation.Normal ? 'normal' : 'mirror',
    'irispair.search.ef': ef,
  };
}
