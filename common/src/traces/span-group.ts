/**
 * Spans of several requests that share a piece of work: each request's own trace shows it, linked to the first one's.
 *
 * Nothing traced is an empty group, which only does the work.
 */
import type { TraceContext } from '@irispair/proto/compute';
import { traceContextOf } from './context.js';
import type { SpanPlace } from './place.js';
import type { OpenSpan, SpanAttributes, SpanKind } from './span.js';

/** Spans side by side. */
export class SpanGroup {
  /** Of work that nobody traces. */
  static readonly NONE = new SpanGroup([]);

  private readonly spans: readonly OpenSpan[];

  /** @param places one a request; undefined for those that are not traced */
  private constructor(private readonly places: readonly (OpenSpan | undefined)[]) {
    this.spans = places.filter((span) => span !== undefined);
  }

  /** @param spans one a request; undefined for those that are not traced */
  static of(spans: readonly (OpenSpan | undefined)[]): SpanGroup {
    return spans.some((span) => span !== undefined) ? new SpanGroup(spans) : SpanGroup.NONE;
  }

  /** All spans of several. */
  static merge(groups: readonly SpanGroup[]): SpanGroup {
    return SpanGroup.of(groups.flatMap(({ places }) => places));
  }

  /** The span of one request by its place; undefined when it is not traced. */
  at(place: number): OpenSpan | undefined {
    return this.places.at(place);
  }

  /** Those of some requests, by their places. */
  pick(places: readonly number[]): SpanGroup {
    return this.isEmpty ? this : SpanGroup.of(places.map((place) => this.at(place)));
  }

  get isEmpty(): boolean {
    return this.spans.length === 0;
  }

  /** Fields of the log lines about the work: the first one's. */
  get logFields(): Readonly<Record<string, string>> {
    return this.spans.at(0)?.logFields ?? {};
  }

  /** What the message says that has the work done elsewhere; undefined when nobody traces it. */
  get context(): TraceContext | undefined {
    const [first, ...further] = this.spans.map(({ place }) => traceContextOf(place));
    return this.isEmpty ? undefined : { ...first, further };
  }

  /**
   * Does the work as a span below each of these.
   * @param work told the spans that it is shown by
   */
  async watch<Result>(
    name: string,
    kind: SpanKind,
    work: (within: SpanGroup) => Promise<Result>,
    attributes: SpanAttributes = {},
  ): Promise<Result> {
    if (this.isEmpty) return work(this);
    let links: readonly SpanPlace[] = [];
    const within = new SpanGroup(
      this.places.map((span) => {
        const child = span?.child({ name, kind, attributes, links });
        if (child !== undefined && links.length === 0) links = [child.place];
        return child;
      }),
    );
    try {
      const result = await work(within);
      within.end();
      return result;
    } catch (error) {
      within.end(error);
      throw error;
    }
  }

  /** Says more about all of them. */
  set(attributes: SpanAttributes): void {
    for (const span of this.spans) span.set(attributes);
  }

  /** Ends all of them, as {@link OpenSpan.end} does. */
  end(error?: unknown, at?: number): void {
    for (const span of this.spans) span.end(error, at);
  }
}
