/** Three iris services in secret-shared mode, linked over loopback, and a client that speaks with all three alike. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Iris, Template } from '@irispair/common/iris/template';
import { BATCH_NAME_BYTES } from '@irispair/common/parties/batch-name';
import { PARTIES, type OfEachParty, type PartyIndex } from '@irispair/common/parties/party';
import { PartyCertificates } from '@irispair/common/support/party-certificates';
import { until } from '@irispair/common/support/until';
import { CODE_SHARE_BYTES } from '@irispair/common/iris/share';
import { shareTemplate } from '@irispair/native/shares';
import type * as wire from '@irispair/proto/compute';
import type { HopUnderTest } from './hop-client.js';
import { PartyProcess } from './party-process.js';

/** Something of each party's. */
export type OfEach<Something> = [Something, Something, Something];

/** Three running services. */
export class ThreeParties {
  private constructor(
    private readonly directory: string,
    private readonly certificates: PartyCertificates,
    readonly parties: OfEachParty<PartyProcess>,
    private readonly http: readonly string[],
    private readonly sessions: number[],
  ) {}

  /** @param more settings of all three */
  static async start(more: Readonly<Record<string, string>> = {}): Promise<ThreeParties> {
    const directory = await mkdtemp(join(tmpdir(), 'irispair-three-'));
    const certificates = await PartyCertificates.make();
    const ports = await freePorts(2 * PARTIES.length);
    const addresses = PARTIES.map((party) => `127.0.0.1:${ports[party]}`).join(',');
    const http = PARTIES.map((party) => `127.0.0.1:${ports[PARTIES.length + party]}`);
    const parties = await ofEach((party) =>
      PartyProcess.start(join(directory, `${party}.sock`), {
        ...more,
        ...certificates.settings(party),
        IRISPAIR_PARTIES: addresses,
        IRISPAIR_HTTP_LISTEN: http[party],
        IRISPAIR_PLACEMENT: 'off',
        IRISPAIR_HUGEPAGES: 'off',
        IRIS_STORE_INITIAL_CAPACITY: '64',
        IRISPAIR_IRIS_STORE: join(directory, `store-${party}`),
      }),
    );
    const three = new ThreeParties(directory, certificates, parties, http, []);
    await three.join();
    return three;
  }

  /** Waits until all serve, and opens a session with each. */
  async join(): Promise<void> {
    await until('all three serve', async () => {
      const health = await ofEach((party) => this.parties[party].health().catch(() => 'away'));
      return health.every((one) => one === 'SERVING');
    });
    const joined = await ofEach((party) => this.parties[party].join());
    this.sessions.splice(0, PARTIES.length, ...joined.map(({ first }) => first.sessionId));
  }

  /** The session with a party. */
  session(party: PartyIndex): number {
    return this.sessions[party];
  }

  /** What a party's HTTP port answers. */
  async ask(party: PartyIndex, path: string): Promise<string> {
    const answer = await fetch(`http://${this.http[party]}${path}`);
    return answer.text();
  }

  /** Each party's own handles of the same irises, each given its shares. */
  async prepare(irises: readonly Iris[]): Promise<OfEach<number[]>> {
    const shares = irises.map(sharesOf);
    return ofEach((party) =>
      this.parties[party].prepareProbes(
        this.session(party),
        shares.map((one) => one[party]),
      ),
    );
  }

  /** Prepares changes at a party and commits them, as when all three agree. */
  async commit(
    party: PartyIndex,
    changes: readonly wire.Change['kind'][],
  ): Promise<wire.CommitPreparedResponse> {
    const batch = randomBytes(BATCH_NAME_BYTES);
    const session = this.session(party);
    await this.parties[party].takeJournal(session);
    await this.parties[party].prepareChanges(session, batch, changes);
    return this.parties[party].commitPrepared(session, batch);
  }

  /** One stream of the hop to each. */
  openHops(): OfEach<HopUnderTest> {
    const [first, second, third] = this.parties.map((party) => party.openHop());
    return [first, second, third];
  }

  async stop(): Promise<void> {
    await ofEach((party) => this.parties[party].stop());
    await this.certificates.remove();
    await rm(this.directory, { recursive: true });
  }
}

/** Does the same at all three at once. */
export async function ofEach<Result>(work: (party: PartyIndex) => Promise<Result>): Promise<OfEach<Result>> {
  const [first, second, third] = PARTIES.map(work);
  return Promise.all([first, second, third]);
}

/** An iris as each party is sent it. */
export function sharesOf({ left, right }: Iris): OfEach<wire.Probe> {
  const lefts = eyeShares(left);
  const rights = eyeShares(right);
  const [first, second, third] = PARTIES.map((party) => ({ left: lefts[party], right: rights[party] }));
  return [first, second, third];
}

function eyeShares({ irisCodes, maskCodes }: Template): wire.Template[] {
  return shareTemplate(irisCodes, maskCodes).map((share) => {
    const bytes = Buffer.from(share);
    return { irisCodes: bytes.subarray(0, CODE_SHARE_BYTES), maskCodes: bytes.subarray(CODE_SHARE_BYTES) };
  });
}

/** Ports of the loopback interface that nobody listens on just now. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) server.close();
  return ports;
}
