/** Secret-shared mode: this pair holds one party's shares, and decides what the other two decide. */
import { MisconfiguredError } from '@irispair/common/errors/errors';
import { readPartyIdentity } from '@irispair/common/parties/party-identity';
import type { AgreementParts } from '../agreement/agreement-parts.js';
import { Checksum } from '../agreement/checksum.js';
import { Follower } from '../agreement/follower.js';
import { Leader } from '../agreement/leader.js';
import { PartyBatches } from '../agreement/party-batches.js';
import { LEADER } from '../agreement/wire.js';
import { SharedRequests } from '../api/shared-requests.js';
import { Distances } from '../matching/matcher.js';
import type { GraphServiceSettings } from '../settings.js';
import { AgreementMetrics } from '../telemetry/agreement-metrics.js';
import type { Mode } from './mode.js';

/** The mode. @throws MisconfiguredError naming what it lacks */
export function sharedMode(settings: GraphServiceSettings): Mode {
  const identity = readPartyIdentity(settings);
  const { party } = identity;
  if (settings.IRISPAIR_AGREEMENT === undefined) {
    throw new MisconfiguredError(
      'IRISPAIR_MODE=shared needs IRISPAIR_AGREEMENT: give the addresses at which the three graph services agree, ' +
        'HOST:PORT,HOST:PORT,HOST:PORT, party 0 first',
    );
  }
  if (settings.IRISPAIR_INDEX === 'exact') {
    throw new MisconfiguredError(
      'IRISPAIR_INDEX=exact: in secret-shared mode irises are found by walks only: leave it out, or give hnsw',
    );
  }
  const address = settings.IRISPAIR_AGREEMENT[LEADER];
  const sums = { registry: new Checksum(), graph: new Checksum() };
  return {
    party,
    holder: { mode: 'shared', party },
    requests: new SharedRequests(party),
    index: 'hnsw',
    distances: Distances.Hidden,
    auditShare: 0,
    sums,
    checkMeasurable() {
      throw new MisconfiguredError(
        'recall is not measured in secret-shared mode, where no party may see the captures that it takes: ' +
          'measure it in plain mode, at the same size',
      );
    },
    async openDesk(parts) {
      const metrics = new AgreementMetrics(parts.metrics);
      const agreement: AgreementParts = {
        ...parts,
        metrics,
        identity,
        address,
        listen: settings.IRISPAIR_AGREEMENT_LISTEN ?? address,
        batches: new PartyBatches({ ...parts, party, sums, settings: termsOf(settings), metrics }),
        arrivalMilliseconds: settings.IRISPAIR_ARRIVAL_MILLISECONDS,
      };
      return party === LEADER ? Leader.listen(agreement) : Promise.resolve(new Follower(agreement));
    },
  };
}

/** What all three parties must have set alike: with anything else they would build other graphs, or decide otherwise. */
function termsOf(settings: GraphServiceSettings): string {
  const { IRISPAIR_M: m, IRISPAIR_M_MAX: mMax, IRISPAIR_EF: ef } = settings;
  return [
    `IRISPAIR_THRESHOLD=${settings.IRISPAIR_THRESHOLD}`,
    `IRISPAIR_ROTATIONS=${settings.IRISPAIR_ROTATIONS}`,
    `IRISPAIR_M=${m ?? ''}`,
    `IRISPAIR_M_MAX=${mMax ?? ''}`,
    `IRISPAIR_EF=${ef ?? ''}`,
  ].join(' ');
}
