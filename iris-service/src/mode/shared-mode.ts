/** Secret-shared mode: this service holds one party's shares, and compares together with the two other parties. */
import { MisconfiguredError } from '@irispair/common/errors/errors';
import { SHARED_COLUMNS } from '@irispair/common/iris/share';
import { readPartyIdentity } from '@irispair/common/parties/party-identity';
import { openSharedEngine } from '@irispair/native/shared-engine';
import { SharedComparing } from '../comparing/shared-comparing.js';
import { PartyLinks } from '../parties/party-links.js';
import type { IrisServiceSettings } from '../settings.js';
import { showParties } from '../telemetry/party-metrics.js';
import type { Mode } from './mode.js';

/** @throws MisconfiguredError when something of the parties is missing or wrong */
export function sharedMode(settings: IrisServiceSettings): Mode {
  const identity = readPartyIdentity(settings);
  const { party } = identity;
  const { IRISPAIR_PARTIES: addresses, IRISPAIR_PARTY_LISTEN: listen } = settings;
  if (addresses === undefined) {
    throw new MisconfiguredError(
      'IRISPAIR_MODE=shared needs IRISPAIR_PARTIES: give the addresses of the three iris services, HOST:PORT,HOST:PORT,HOST:PORT, party 0 first',
    );
  }
  const { IRISPAIR_COLUMNS: columns } = settings;
  if (columns !== undefined && columns !== SHARED_COLUMNS) {
    throw new MisconfiguredError(
      `IRISPAIR_COLUMNS=${columns} with IRISPAIR_MODE=shared: shares are of codes of ${SHARED_COLUMNS} columns: leave it out, and ` +
        `set n_cols: ${SHARED_COLUMNS} in both probe schemas of Open IRIS`,
    );
  }
  const twin = addresses.findIndex((address, index) => addresses.indexOf(address) < index);
  if (twin >= 0) {
    throw new MisconfiguredError(
      `IRISPAIR_PARTIES: parties ${addresses.indexOf(addresses[twin])} and ${twin} have the same address ${addresses[twin]}: give each its own`,
    );
  }
  return {
    identity: { mode: 'shared', party, formatVersion: 1, columns: SHARED_COLUMNS },
    async open({ options, metrics, logger }) {
      const engine = await openSharedEngine({ ...options, party });
      try {
        const links = await PartyLinks.open({ identity, addresses, listen, logger });
        const comparing = new SharedComparing(party, engine, links);
        showParties(metrics, links, comparing.runs);
        return { engine, comparing };
      } catch (error) {
        await engine.close();
        throw error;
      }
    },
  };
}
