/** What plain and secret-shared mode do differently, chosen once at the start. */
import type { Logger } from '@irispair/common/log/logger';
import type { PartyIndex } from '@irispair/common/parties/party';
import type { Registry as MetricRegistry } from 'prom-client';
import type { Sum } from '../agreement/checksum.js';
import type { RequestForm } from '../api/requests.js';
import type { BatchTerms } from '../batch/decide-batch.js';
import type { Desk } from '../batch/desk.js';
import type { PlainDeskParts } from '../batch/plain-desk.js';
import type { Pending } from '../batch/request.js';
import type { IrisClient } from '../iris/iris-client.js';
import type { Distances, IndexMode } from '../matching/matcher.js';
import type { GraphStoreHolder } from '../store/graph-store.js';

/** What a desk is made with, in either mode. */
export interface DeskParts extends Omit<PlainDeskParts, 'decide'> {
  readonly decide: (batch: readonly Pending[], terms: BatchTerms) => Promise<void>;
  readonly client: IrisClient;
  readonly metrics: MetricRegistry;
  readonly logger: Logger;
}

/** One of the modes. */
export interface Mode {
  /** In shared mode: which. */
  readonly party: PartyIndex | undefined;
  readonly holder: GraphStoreHolder;
  readonly requests: RequestForm;
  readonly index: IndexMode;
  readonly distances: Distances;
  /** Share of the searches that are audited. */
  readonly auditShare: number;
  /** Told of every change of the registry, and of the graph. */
  readonly sums: { readonly registry: Sum; readonly graph: Sum };
  /** @throws MisconfiguredError where recall cannot be measured */
  checkMeasurable(): void;
  openDesk(parts: DeskParts): Promise<Desk>;
}
