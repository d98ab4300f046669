/** What leader and followers alike work with. */
import type { PartyIdentity } from '@irispair/common/parties/party-identity';
import type { DeskParts } from '../mode/mode.js';
import type { AgreementMetrics } from '../telemetry/agreement-metrics.js';
import type { PartyBatches } from './party-batches.js';

/** The parts. */
export interface AgreementParts extends Omit<DeskParts, 'decide' | 'metrics'> {
  readonly identity: PartyIdentity;
  /** HOST:PORT where the followers find the leader. */
  readonly address: string;
  /** HOST:PORT where the leader listens. */
  readonly listen: string;
  readonly batches: PartyBatches;
  readonly metrics: AgreementMetrics;
  /** For so long a request waits to arrive at all three parties. */
  readonly arrivalMilliseconds: number;
}
