/** What becomes of traces, as metrics; all zero while there are none. */
import type { Registry } from 'prom-client';
import type { Tracing } from '../traces/tracing.js';
import { readCounter, readGauge } from './read-metrics.js';

/** Shows the traces of a service. */
export function showTraces(registry: Registry, tracing: Tracing | undefined): void {
  const counters = tracing?.counters;
  readCounter(
    registry,
    { name: 'irispair_trace_spans_exported_total', help: 'Spans that the collector took' },
    () => counters?.exported ?? 0,
  );
  readCounter(
    registry,
    {
      name: 'irispair_trace_spans_dropped_total',
      help: 'Spans dropped: too many waited, or sending them failed',
      labelNames: ['reason'],
    },
    () => [
      { labels: { reason: 'queue_full' }, value: counters?.droppedQueueFull ?? 0 },
      { labels: { reason: 'export_failed' }, value: counters?.droppedExportFailed ?? 0 },
    ],
  );
  readGauge(
    registry,
    { name: 'irispair_trace_spans_waiting', help: 'Spans that wait to be sent' },
    () => counters?.waiting ?? 0,
  );
  readCounter(
    registry,
    {
      name: 'irispair_trace_contexts_malformed_total',
      help: 'Trace contexts of callers that could not be read and were ignored',
    },
    () => counters?.malformed ?? 0,
  );
}
