/** Three graph services as processes, each with an iris service of the number line: a house for tests of the agreement. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { isServiceError } from '@irispair/common/grpc/status';
import { CODE_SHARE_BYTES, MASK_SHARE_BYTES, SHARE_NONCE_BYTES } from '@irispair/common/iris/share';
import { PARTIES } from '@irispair/common/parties/party';
import { PartyCertificates } from '@irispair/common/support/party-certificates';
import { PATIENCE_MILLISECONDS } from '@irispair/common/support/patience';
import { until } from '@irispair/common/support/until';
import {
  IrisPairAdminClient,
  IrisPairClient,
  type IrisShare,
  type ProcessRequest,
  type ProcessResponse,
  type StatusResponse,
} from '@irispair/proto/public';
import { LineIrisService, LineStore, writePlace, type LinePoint, type Places } from './line-iris-service.js';
import { LineRing } from './line-ring.js';

const ENTRY = fileURLToPath(new URL('../main.js', import.meta.url));

/** What one party is started with, beside what all have. */
export interface PartyOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly delay?: () => Promise<void>;
  readonly pause?: (point: LinePoint) => Promise<void>;
}

type CallName = 'enroll' | 'search' | 'verify' | 'reauthenticate' | 'delete' | 'getIris' | 'status';

/** One party's pair. */
export class PartyUnderTest {
  readonly store = new LineStore();
  client: IrisPairClient | undefined;
  iris: LineIrisService | undefined;
  log = '';
  private process: ChildProcess | undefined;
  private port = 0;

  constructor(
    readonly party: number,
    private readonly house: ThreeParties,
    readonly options: PartyOptions,
  ) {}

  private get socket(): string {
    return join(this.house.directory, `iris-${this.party}.sock`);
  }

  get graphStore(): string {
    return join(this.house.directory, `graph-${this.party}`);
  }

  /** As where the others reach party 0 by another address than it has itself. */
  private get agreement(): Record<string, string> {
    const { agreement } = this.house;
    if (this.party !== 0) return { IRISPAIR_AGREEMENT: agreement };
    const [own, ...others] = agreement.split(',');
    return {
      IRISPAIR_AGREEMENT: [own.replace(/^.*:/, '192.0.2.1:'), ...others].join(','),
      IRISPAIR_AGREEMENT_LISTEN: own,
    };
  }

  async startIris(): Promise<void> {
    this.iris = await LineIrisService.start(this.socket, {
      party: this.party,
      store: this.store,
      ring: this.house.ring,
      delay: this.options.delay ?? (() => Promise.resolve()),
      pause: this.options.pause ?? (() => Promise.resolve()),
    });
  }

  async startGraph(): Promise<void> {
    this.port = await freePort();
    const child = spawn(process.execPath, [ENTRY], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        ...this.house.certificates.settings(PARTIES[this.party]),
        IRISPAIR_EXIT_WITH_PARENT: String(process.pid),
        ...this.agreement,
        IRISPAIR_PLACEMENT: 'off',
        IRISPAIR_LISTEN: `127.0.0.1:${this.port}`,
        IRISPAIR_IRIS_SOCKET: this.socket,
        IRISPAIR_GRAPH_STORE: this.graphStore,
        IRIS_STORE_INITIAL_CAPACITY: '2000',
        IRISPAIR_WALKERS: String(1 + this.party),
        IRISPAIR_M: '8',
        IRISPAIR_M_MAX: '16',
        IRISPAIR_EF: '16',
        ...this.options.environment,
      },
    });
    const note = (text: string) => {
      this.log += text;
    };
    child.stdout.setEncoding('utf8').on('data', note);
    child.stderr.setEncoding('utf8').on('data', note);
    this.process = child;
    this.client = new IrisPairClient(`127.0.0.1:${this.port}`, credentials.createInsecure(), {
      'grpc.initial_reconnect_backoff_ms': 50,
      'grpc.max_reconnect_backoff_ms': 200,
    });
  }

  /** Ends the graph service. @returns its exit code or signal */
  async endGraph(signal: NodeJS.Signals): Promise<unknown> {
    const child = this.process;
    if (child === undefined) return undefined;
    this.process = undefined;
    const ended = once(child, 'close');
    child.kill(signal);
    this.client?.close();
    const [code, by] = (await ended) as [number | null, string | null];
    return code ?? by;
  }

  /** Its answer, or the error that the call ended with. */
  call<Answer>(
    name: CallName,
    request: object,
    milliseconds = PATIENCE_MILLISECONDS,
  ): Promise<Answer | ServiceError> {
    const { client } = this;
    if (client === undefined) throw new Error('the graph service is not started');
    const method = client[name].bind(client) as unknown as (
      request: object,
      metadata: Metadata,
      options: object,
      callback: (error: ServiceError | null, answer: Answer) => void,
    ) => void;
    return new Promise((resolve) => {
      method(request, new Metadata(), { deadline: Date.now() + milliseconds }, (error, answer) => {
        resolve(error ?? answer);
      });
    });
  }

  /** The answers of a bulk stream. */
  async bulk(requests: readonly ProcessRequest[]): Promise<ProcessResponse[]> {
    if (this.client === undefined) throw new Error('the graph service is not started');
    const stream = this.client.process();
    const answers: ProcessResponse[] = [];
    stream.on('data', (answer: ProcessResponse) => answers.push(answer));
    for (const request of requests) stream.write(request);
    stream.end();
    await once(stream, 'end');
    return answers;
  }

  /** A client of the calls for operators. */
  admin(): IrisPairAdminClient {
    return new IrisPairAdminClient(`127.0.0.1:${this.port}`, credentials.createInsecure());
  }

  async status(): Promise<StatusResponse | undefined> {
    const answer = await this.call<StatusResponse>('status', {});
    return isServiceError(answer) ? undefined : answer;
  }
}

/** All of them. */
export class ThreeParties {
  readonly ring = new LineRing();
  readonly parties: readonly PartyUnderTest[];

  private constructor(
    readonly directory: string,
    readonly certificates: PartyCertificates,
    readonly agreement: string,
    options: readonly PartyOptions[],
  ) {
    this.parties = [0, 1, 2].map((party) => new PartyUnderTest(party, this, options[party] ?? {}));
  }

  /** Starts all six services. @param options one a party */
  static async start(options: readonly PartyOptions[] = []): Promise<ThreeParties> {
    const house = await ThreeParties.prepare(options);
    await house.startAll();
    return house;
  }

  /** Starts nothing yet. @param options one a party */
  static async prepare(options: readonly PartyOptions[] = []): Promise<ThreeParties> {
    const directory = await mkdtemp(join(tmpdir(), 'irispair-three-'));
    const address = `127.0.0.1:${await freePort()}`;
    const certificates = await PartyCertificates.make();
    return new ThreeParties(directory, certificates, [address, address, address].join(','), options);
  }

  async startAll(): Promise<void> {
    await Promise.all(
      this.parties.map(async (one) => {
        await one.startIris();
        await one.startGraph();
      }),
    );
  }

  async serving(): Promise<void> {
    await until('all three parties to serve', async () => {
      const statuses = await Promise.all(this.parties.map((one) => one.status()));
      return statuses.every((status) => status?.ready === true);
    });
  }

  /** Sends all three parties the same. @param request given the party */
  async ask<Answer>(name: CallName, request: (party: number) => object): Promise<(Answer | ServiceError)[]> {
    return Promise.all(this.parties.map((one) => one.call<Answer>(name, request(one.party))));
  }

  async stop(): Promise<void> {
    await Promise.all(this.parties.map((one) => one.endGraph('SIGTERM')));
    for (const { iris } of this.parties) iris?.stop();
    await this.certificates.remove();
    await rm(this.directory, { recursive: true });
  }
}

/** Shares of two eyes on the line, one a party; different bytes at each. */
export function sharesOf({ left, right }: Places): IrisShare[] {
  const shares = [0, 1, 2].map((party) => ({
    party,
    left: eyeAt(left),
    right: eyeAt(right),
    nonce: randomBytes(SHARE_NONCE_BYTES),
  }));
  const digests = shares.map((share) =>
    createHash('sha256')
      .update(share.nonce)
      .update(share.left.code)
      .update(share.left.mask)
      .update(share.right.code)
      .update(share.right.mask)
      .digest(),
  );
  return shares.map((share) => ({ ...share, digests }));
}

function eyeAt(place: number) {
  const code = Buffer.alloc(CODE_SHARE_BYTES);
  randomBytes(16).copy(code, 100);
  writePlace(code, place);
  return { code, mask: Buffer.alloc(MASK_SHARE_BYTES) };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
