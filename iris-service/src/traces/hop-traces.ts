/**
 * The hop as traces show it at this end: a server span for each traced step of a message, below the client span that the
 * step names. Only messages that carry a trace context come here.
 */
import { VECTOR_ID_BYTES } from '@irispair/common/ids/vector-id';
import { nodeAttributes, type HopNodes } from '@irispair/common/traces/hop-nodes';
import { SpanKind, type SpanAttributes } from '@irispair/common/traces/span';
import type { SpanGroup } from '@irispair/common/traces/span-group';
import type { Tracing } from '@irispair/common/traces/tracing';
import {
  StepStatus,
  type EvaluateRequest,
  type EvaluateResponse,
  type TraceContext,
} from '@irispair/proto/compute';

const SPAN_ID = /^[^-]*-[^-]*-([0-9a-f]{16})-/;

/** Shows what this service does for traced requests. */
export class HopTraces {
  constructor(
    private readonly tracing: Tracing,
    private readonly nodes: HopNodes,
  ) {}

  /** Begins a call; nothing when no request traces it. */
  join(context: TraceContext | undefined, name: string): SpanGroup {
    const spans = this.tracing.join(context, name, SpanKind.Server);
    spans.set(nodeAttributes(this.nodes));
    return spans;
  }

  /**
   * Shows an answered message.
   * @param further what is said of each step beyond what is said of all
   * @param ended when it was answered, monotonic microseconds
   */
  show(
    request: EvaluateRequest,
    response: EvaluateResponse,
    further: readonly SpanAttributes[],
    ended: number,
  ): void {
    const { receivedMicroseconds, startedMicroseconds, finishedMicroseconds, answers } = response;
    const shared = {
      ...nodeAttributes(this.nodes),
      'irispair.message.id': SPAN_ID.exec(request.trace?.traceparent ?? '')?.[1] ?? '',
      'irispair.message.steps': request.steps.length,
      'irispair.hop.transit_out_microseconds': receivedMicroseconds - request.sentMicroseconds,
      'irispair.hop.queue_microseconds': startedMicroseconds - receivedMicroseconds,
      'irispair.hop.compute_microseconds': finishedMicroseconds - startedMicroseconds,
    };
    request.steps.forEach(({ trace, candidates }, index) => {
      if (trace === undefined) return;
      const { entered, distances, status, detail } = answers[index];
      const span = this.tracing.join(trace, 'hop', SpanKind.Server, receivedMicroseconds);
      span.set({
        ...shared,
        ...further.at(index),
        'irispair.hop.candidates': candidates.byteLength / VECTOR_ID_BYTES,
        'irispair.hop.bytes_received': candidates.byteLength,
        'irispair.hop.bytes_sent': entered.byteLength + distances.byteLength,
      });
      span.end(status === StepStatus.OK ? undefined : `${StepStatus[status]}: ${detail}`, ended);
    });
  }
}
