/** The open calls of the public API, and what they hold. */
import type { CallGuard } from '@irispair/common/grpc/call-guard';
import { readCounter, readGauge } from '@irispair/common/telemetry/read-metrics';
import type { Registry } from 'prom-client';

/** Shows them. */
export function showCalls(metrics: Registry, calls: CallGuard): void {
  readGauge(
    metrics,
    { name: 'irispair_open_calls', help: 'Calls of the public API that are open' },
    () => calls.open,
  );
  readGauge(
    metrics,
    {
      name: 'irispair_open_calls_bytes',
      help: 'Memory that open calls hold: themselves, requests, and answers that clients have not taken',
    },
    () => calls.memory.bytes,
  );
  readCounter(
    metrics,
    { name: 'irispair_unread_calls_ended_total', help: 'Calls ended because their client kept them waiting' },
    () => calls.ended,
  );
  readCounter(
    metrics,
    {
      name: 'irispair_calls_refused_total',
      help: 'Calls refused because all open ones held too much memory',
    },
    () => calls.refused,
  );
}
