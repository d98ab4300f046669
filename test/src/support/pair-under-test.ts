/** A real pair in a directory of its own, for one test file. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PATIENCE_MILLISECONDS } from '@irispair/common/support/patience';
import { until } from '@irispair/common/support/until';
import { PairClient } from 'irispair/client/pair-client';
import { freePort } from 'irispair/pair/free-port';
import { MissingStore, Pair, type ServiceName } from 'irispair/pair/pair';

interface PairPlace {
  readonly directory: string;
  readonly listen: string;
  readonly http: Readonly<Record<ServiceName, string>>;
  readonly environment: Readonly<Record<string, string>>;
  readonly log: string[];
}

/** A running pair with a client. */
export class PairUnderTest {
  private constructor(
    private readonly place: PairPlace,
    public pair: Pair,
    public client: PairClient,
  ) {}

  /** Starts a pair and waits until it serves. */
  static async start(environment: Readonly<Record<string, string>> = {}): Promise<PairUnderTest> {
    const place: PairPlace = {
      directory: await mkdtemp(join(tmpdir(), 'irispair-test-')),
      listen: `127.0.0.1:${await freePort()}`,
      http: { graph: `127.0.0.1:${await freePort()}`, iris: `127.0.0.1:${await freePort()}` },
      environment: { IRIS_STORE_INITIAL_CAPACITY: '2000', IRISPAIR_INDEX: 'hnsw', ...environment },
      log: [],
    };
    const test = new PairUnderTest(
      place,
      startPair(place),
      new PairClient(place.listen, PATIENCE_MILLISECONDS),
    );
    await test.untilReady();
    return test;
  }

  /** Where each service shows its metrics, HOST:PORT. */
  get http(): Readonly<Record<ServiceName, string>> {
    return this.place.http;
  }

  /** HOST:PORT of the public API. */
  get address(): string {
    return this.place.listen;
  }

  /** What the services have logged, each line after the service's name. */
  get log(): readonly string[] {
    return this.place.log;
  }

  /** Holds both stores. */
  get directory(): string {
    return this.place.directory;
  }

  /**
   * Stops both services in order and starts them on the same stores.
   * @param meanwhile done while neither runs
   */
  async restart(meanwhile: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    await this.pair.stop();
    this.client.close();
    await meanwhile();
    this.pair = startPair(this.place);
    this.client = new PairClient(this.place.listen, PATIENCE_MILLISECONDS);
    await this.untilReady();
  }

  /** Starts a service again that was killed; resolves when the pair serves. */
  async startAgain(service: ServiceName): Promise<void> {
    if (service === 'iris') {
      // Until it notices, the graph service calls itself ready with the one that is gone.
      await until('the graph service misses the iris service', async () => {
        return !(await this.client.status()).ready;
      });
    }
    this.pair.startService(service);
    await this.untilReady();
  }

  async untilReady(): Promise<void> {
    try {
      await this.pair.ready();
    } catch (error) {
      throw new Error(`${String(error)}\n${this.place.log.slice(-30).join('\n')}`, { cause: error });
    }
  }

  /** Stops everything and removes the directory. */
  async stop(): Promise<void> {
    this.client.close();
    await this.pair.stop();
    await rm(this.place.directory, { recursive: true, force: true });
  }
}

function startPair(
  { directory, listen, http, environment, log }: PairPlace,
  missingStore = MissingStore.Make,
): Pair {
  return Pair.start({
    directory,
    listen,
    http,
    environment,
    missingStore,
    logged: (service, line) => log.push(`[${service}] ${line}`),
    died: (service, { reason }) => log.push(`[${service}] ended: ${reason}`),
  });
}
