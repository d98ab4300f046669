/** Plain mode: this pair holds the irises and decides alone. */
import type { TemplateTerms } from '@irispair/common/iris/template';
import { NO_SUM } from '../agreement/checksum.js';
import { plainRequests } from '../api/plain-requests.js';
import { ALONE } from '../batch/decide-batch.js';
import { PlainDesk } from '../batch/plain-desk.js';
import { Distances } from '../matching/matcher.js';
import type { GraphServiceSettings } from '../settings.js';
import { PLAIN_HOLDER } from '../store/graph-store.js';
import type { Mode } from './mode.js';

/** The mode. @param accepted what captures must be */
export function plainMode(settings: GraphServiceSettings, accepted: () => TemplateTerms): Mode {
  return {
    party: undefined,
    holder: PLAIN_HOLDER,
    requests: plainRequests(accepted),
    index: settings.IRISPAIR_INDEX,
    distances: Distances.Told,
    auditShare: settings.IRISPAIR_AUDIT_SHARE,
    sums: { registry: NO_SUM, graph: NO_SUM },
    checkMeasurable: () => undefined,
    openDesk: ({ decide, ...parts }) =>
      Promise.resolve(new PlainDesk({ ...parts, decide: (batch) => decide(batch, ALONE) })),
  };
}
