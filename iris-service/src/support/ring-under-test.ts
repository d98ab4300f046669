/** Three parties' links over loopback, with real certificates. */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { z } from 'zod';
import { readEnvironment, type Environment } from '@irispair/common/config/environment';
import { PARTY_SETTINGS } from '@irispair/common/config/party-settings';
import { createLogger, type Logger } from '@irispair/common/log/logger';
import { PARTIES, type OfEachParty, type PartyIndex } from '@irispair/common/parties/party';
import { readPartyIdentity, type PartyIdentity } from '@irispair/common/parties/party-identity';
import type { PartyCertificates } from '@irispair/common/support/party-certificates';
import { until } from '@irispair/common/support/until';
import { RUN_NAME_BYTES } from '@irispair/common/parties/run-name';
import { LINK_LIMITS, type LinkLimits } from '../parties/link-limits.js';
import { PartyLinks } from '../parties/party-links.js';

/** Connects again quickly. */
export const TEST_LIMITS: LinkLimits = {
  ...LINK_LIMITS,
  firstRetryMilliseconds: 10,
  longestRetryMilliseconds: 40,
};

/** The name of a run. */
export function runName(batch: number, number = 0): Buffer {
  const name = Buffer.alloc(RUN_NAME_BYTES);
  name.writeBigUInt64LE(BigInt(batch), 0);
  name.writeUInt32LE(number, 8);
  return name;
}

/** Three addresses at which nobody listens just now. */
export async function freeAddresses(): Promise<OfEachParty<string>> {
  const servers = PARTIES.map(() => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const addresses = servers.map((server) => `127.0.0.1:${(server.address() as AddressInfo).port}`);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return addresses as unknown as OfEachParty<string>;
}

/** Who a party is. */
export function identityOf(certificates: PartyCertificates, party: PartyIndex): PartyIdentity {
  return identityFrom(certificates.settings(party));
}

/** Who a party is whose process has this environment. */
export function identityFrom(environment: Environment): PartyIdentity {
  return readPartyIdentity(readEnvironment(z.object(PARTY_SETTINGS), environment));
}

/** What a test starts. */
export interface RingOptions {
  readonly limits?: Partial<LinkLimits>;
  /** Those that run in this process; default: all. */
  readonly parties?: readonly PartyIndex[];
  /** Default: nothing is logged. */
  readonly logger?: Logger;
  /** Instead of what the party's files say. */
  readonly identities?: Partial<Record<number, PartyIdentity>>;
}

/** The links of some or all parties. */
export class RingUnderTest {
  private readonly links = new Map<PartyIndex, PartyLinks>();

  private constructor(readonly addresses: OfEachParty<string>) {}

  static async start(certificates: PartyCertificates, options: RingOptions = {}): Promise<RingUnderTest> {
    const ring = new RingUnderTest(await freeAddresses());
    for (const party of options.parties ?? PARTIES) {
      const links = await PartyLinks.open({
        identity: options.identities?.[party] ?? identityOf(certificates, party),
        addresses: ring.addresses,
        logger: options.logger ?? createLogger('iris', 'silent'),
        limits: { ...TEST_LIMITS, ...options.limits },
      });
      ring.links.set(party, links);
    }
    return ring;
  }

  of(party: number): PartyLinks {
    const links = this.links.get(PARTIES[party]);
    if (links === undefined) throw new Error(`party ${party} does not run here`);
    return links;
  }

  /** Resolves once every party that runs here has both links. */
  async linked(): Promise<void> {
    await until('all parties are linked', () =>
      [...this.links.values()].every(({ away }) => away === undefined),
    );
  }

  async stop(): Promise<void> {
    await Promise.all([...this.links.values()].map((links) => links.close()));
  }
}
