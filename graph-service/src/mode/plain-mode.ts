/** Plain mode: this pair holds the irises and decides alone. */
import { NO_SUM } from '../agreement/checksum.js';
import { PLAIN_REQUESTS } from '../api/plain-requests.js';
import { ALONE } from '../batch/decide-batch.js';
import { PlainDesk } from '../batch/plain-desk.js';
import { Distances } from '../matching/matcher.js';
import type { GraphServiceSettings } from '../settings.js';
import { PLAIN_HOLDER } from '../store/graph-store.js';
import type { Mode } from './mode.js';

/** The mode. */
export function plainMode(settings: GraphServiceSettings): Mode {
  return {
    party: undefined,
    holder: PLAIN_HOLDER,
    requests: PLAIN_REQUESTS,
    index: settings.IRISPAIR_INDEX,
    distances: Distances.Told,
    auditShare: settings.IRISPAIR_AUDIT_SHARE,
    sums: { registry: NO_SUM, graph: NO_SUM },
    checkMeasurable: () => undefined,
    openDesk: ({ decide, ...parts }) =>
      Promise.resolve(new PlainDesk({ ...parts, decide: (batch) => decide(batch, ALONE) })),
  };
}
