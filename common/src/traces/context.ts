/** Places of spans in the messages between the services. */
import type { TraceContext } from '@irispair/proto/compute';
import { formatTraceParent, type SpanPlace } from './place.js';

/** What a message says of the span that sends it. */
export function traceContextOf({ traceId, spanId, traceState, clockBegan }: SpanPlace): TraceContext {
  return {
    traceparent: formatTraceParent(traceId, spanId, true),
    tracestate: traceState,
    clockBeganMicroseconds: clockBegan,
    further: [],
  };
}
