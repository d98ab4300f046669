/**
 * A batch as the traces of its requests show it: each traced request has a batch span of its own, linked to the first one's.
 *
 * A batch span ends with its request at the latest, though the batch may go on for others.
 */
import { SpanGroup } from '@irispair/common/traces/span-group';
import { SpanKind, type OpenSpan } from '@irispair/common/traces/span';
import type { Pending } from '../batch/request.js';

/** The batch spans of one batch. */
export class BatchTraces {
  private constructor(private readonly spans: ReadonlyMap<Pending, OpenSpan>) {}

  static begin(batch: readonly Pending[]): BatchTraces {
    const spans = new Map<Pending, OpenSpan>();
    let first: OpenSpan | undefined;
    for (const pending of batch) {
      const { trace } = pending.patience;
      if (trace === undefined) continue;
      const span = trace.child({
        name: 'batch',
        kind: SpanKind.Internal,
        attributes: { 'irispair.batch.requests': batch.length },
        links: first === undefined ? [] : [first.place],
      });
      first ??= span;
      spans.set(pending, span);
    }
    return new BatchTraces(spans);
  }

  /** Undefined when the request is not traced. */
  of(pending: Pending): OpenSpan | undefined {
    return this.spans.get(pending);
  }

  /** Rejects a request, and says so in its batch span. */
  reject(pending: Pending, error: unknown): void {
    this.of(pending)?.end(error);
    pending.reject(error);
  }

  /** Of those of these requests that are traced. */
  group(requests: readonly Pending[]): SpanGroup {
    return this.spans.size === 0 ? SpanGroup.NONE : SpanGroup.of(requests.map((pending) => this.of(pending)));
  }

  /** Of all traced requests. */
  all(): SpanGroup {
    return SpanGroup.of([...this.spans.values()]);
  }
}
