/** The span of a public request, and what its caller is told of it. */
import { Metadata, status, type StatusObject } from '@grpc/grpc-js';
import type { OpenSpan } from '@irispair/common/traces/span';
import type { RequestTrace, Tracing } from '@irispair/common/traces/tracing';

/** A request whose trace context is known; sampled or not. */
export class TracedRequest {
  constructor(private readonly trace: RequestTrace) {}

  /** Undefined when it is not sampled. */
  get span(): OpenSpan | undefined {
    return this.trace.span;
  }

  /** Puts the trace context into the call's metadata. */
  tell(call: { sendMetadata(metadata: Metadata): void }): void {
    const metadata = new Metadata();
    metadata.set('traceparent', this.trace.traceparent);
    if (this.trace.tracestate !== '') metadata.set('tracestate', this.trace.tracestate);
    call.sendMetadata(metadata);
  }

  answered(): void {
    this.span?.set({ 'rpc.grpc.status_code': status.OK });
    this.span?.end();
  }

  /** Only what the service is at fault for makes the span an error. */
  failed({ code, details }: Pick<StatusObject, 'code' | 'details'>): void {
    this.span?.set({ 'rpc.grpc.status_code': code });
    this.span?.end(SERVER_FAULTS.has(code) ? details : undefined);
  }
}

/** By OpenTelemetry's conventions for gRPC servers. */
const SERVER_FAULTS: ReadonlySet<status> = new Set([
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.UNIMPLEMENTED,
  status.INTERNAL,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);

/** Begins a request. @param tracing undefined when nothing is traced */
export function beginRequest(
  tracing: Tracing | undefined,
  method: string,
  metadata: Metadata,
): TracedRequest | undefined {
  return tracing === undefined ? undefined : new TracedRequest(tracing.request(method, metadata));
}
