/**
 * Spans of a sampled trace, kept apart from whatever exports them.
 *
 * A span ends what is still open below it, and what ended below it later is cut off: no span outlives its request. Times
 * are microseconds of the monotonic clock, so that what another thread or service measured fits in.
 */
import { messageOf } from '../errors/message.js';
import { monotonicMicroseconds } from '../clock/monotonic.js';
import { placeBeside, type SpanPlace } from './place.js';

/** On which side of a call a span stands. */
export enum SpanKind {
  Internal = 'internal',
  Server = 'server',
  Client = 'client',
}

/** What is said about a span, by name. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** What a span is begun with. */
export interface SpanStart {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes?: SpanAttributes;
  /** Spans of other traces that share its work. */
  readonly links?: readonly SpanPlace[];
  /** Monotonic microseconds; not given: now. */
  readonly start?: number;
}

/** A span that is over. */
export interface FinishedSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly place: SpanPlace;
  readonly parent: SpanParent | undefined;
  /** Monotonic microseconds. */
  readonly start: number;
  readonly end: number;
  readonly attributes: SpanAttributes;
  readonly links: readonly SpanPlace[];
  /** What went wrong; undefined when nothing did. */
  readonly error: string | undefined;
}

/** The span that another one belongs to. */
export interface SpanParent {
  readonly spanId: string;
  readonly where: 'this process' | 'another process';
}

/** Takes spans that are over. */
export type SpanSink = (span: FinishedSpan) => void;

/** A span below another, measured elsewhere. */
export type MeasuredSpan = Omit<FinishedSpan, 'place' | 'parent'> & { readonly spanId: string };

/** A span that is not over. */
export class OpenSpan {
  private readonly open = new Set<OpenSpan>();
  private readonly started: number;
  private attributes: SpanAttributes;
  private endedAt: number | undefined;

  private constructor(
    private readonly sink: SpanSink,
    readonly place: SpanPlace,
    private readonly facts: SpanStart,
    private readonly parent: SpanParent | undefined,
    private readonly above: OpenSpan | undefined,
  ) {
    this.started = facts.start ?? monotonicMicroseconds();
    this.attributes = facts.attributes ?? {};
    above?.open.add(this);
  }

  /** The first span of a trace in this process. @param parentSpanId of another process; undefined when there is none */
  static begin(
    sink: SpanSink,
    place: SpanPlace,
    parentSpanId: string | undefined,
    facts: SpanStart,
  ): OpenSpan {
    const parent: SpanParent | undefined =
      parentSpanId === undefined ? undefined : { spanId: parentSpanId, where: 'another process' };
    return new OpenSpan(sink, place, facts, parent, undefined);
  }

  /** A span below this one. Below one that has ended it shows nothing. */
  child(facts: SpanStart): OpenSpan {
    const parent: SpanParent = { spanId: this.place.spanId, where: 'this process' };
    const child = new OpenSpan(this.sink, placeBeside(this.place), facts, parent, this);
    if (this.endedAt !== undefined) child.drop();
    return child;
  }

  /** Takes a span below this one that was measured elsewhere. */
  add(span: MeasuredSpan): void {
    const { spanId, ...facts } = span;
    if (this.endedAt !== undefined && facts.start >= this.endedAt) return;
    this.sink({
      ...facts,
      end: Math.min(facts.end, this.endedAt ?? Infinity),
      place: { ...this.place, spanId },
      parent: { spanId: this.place.spanId, where: 'this process' },
    });
  }

  /** Says more about it. */
  set(attributes: SpanAttributes): void {
    this.attributes = { ...this.attributes, ...attributes };
  }

  /**
   * It is over; ending it again does nothing.
   * @param error what went wrong; undefined when nothing did
   * @param at monotonic microseconds
   */
  end(error?: unknown, at: number = monotonicMicroseconds()): void {
    if (this.endedAt !== undefined) return;
    this.endedAt = at;
    for (const child of this.open) {
      child.set({ 'irispair.went_on': true });
      child.end(error, at);
    }
    this.above?.open.delete(this);
    const { name, kind, links = [] } = this.facts;
    const { place, parent, started: start, attributes } = this;
    this.sink({
      name,
      kind,
      place,
      parent,
      start,
      end: at,
      attributes,
      links,
      error: error === undefined ? undefined : messageOf(error),
    });
  }

  /** For a logger: the fields that say which span a line belongs to. */
  get logFields(): { readonly trace_id: string; readonly span_id: string } {
    return { trace_id: this.place.traceId, span_id: this.place.spanId };
  }

  private drop(): void {
    this.endedAt = this.started;
    this.above?.open.delete(this);
  }
}
