/** Traces of one service, as those see them who begin spans. */
import type { TraceContext } from '@irispair/proto/compute';
import type { SpanGroup } from './span-group.js';
import type { OpenSpan, SpanKind } from './span.js';

/** Headers of a public call, all values of each name. */
export interface TraceHeaders {
  get(name: 'traceparent' | 'tracestate'): readonly unknown[];
}

/** A public request, traced or not. */
export interface RequestTrace {
  /** What the caller is told: W3C `traceparent` and `tracestate`, the latter empty for none. */
  readonly traceparent: string;
  readonly tracestate: string;
  /** Undefined when it is not sampled. */
  readonly span: OpenSpan | undefined;
}

/** What became of spans and trace contexts since the start. */
export interface TraceCounters {
  /** Spans that the collector took. */
  exported: number;
  /** Spans dropped because too many waited. */
  droppedQueueFull: number;
  /** Spans dropped because sending them failed. */
  droppedExportFailed: number;
  /** Spans that wait to be sent. */
  waiting: number;
  /** Trace contexts that could not be read and were ignored. */
  malformed: number;
}

/** Traces that go somewhere. */
export interface Tracing {
  readonly counters: Readonly<TraceCounters>;
  /** Begins a public request: below the caller's span when the headers name one. */
  request(method: string, headers: TraceHeaders): RequestTrace;
  /** Begins a span below each of those that a message of the other service names. */
  join(context: TraceContext | undefined, name: string, kind: SpanKind, start?: number): SpanGroup;
  /** Sends what waits, for a moment. */
  close(): Promise<void>;
}
