/** What operators ask of the public server. */
import type { RequestMetrics } from '@irispair/common/telemetry/request-metrics';
import { measureRecall, type MeasureRecallParts } from './measure-recall.js';
import type { AdminCalls } from './public-server.js';

/** What the calls work on. */
export interface AdminParts extends MeasureRecallParts {
  readonly requests: RequestMetrics;
}

/** The calls, counted as all others. */
export function adminCalls(parts: AdminParts): AdminCalls {
  return {
    measureRecall: (call, { signal }) =>
      parts.requests.watch('MeasureRecall', () => measureRecall(call, parts, signal)),
  };
}
