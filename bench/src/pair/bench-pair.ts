/** A real pair in a directory of its own, removed with it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PairClient } from 'irispair/client/pair-client';
import { freePort } from 'irispair/pair/free-port';
import { Pair, type ServiceName } from 'irispair/pair/pair';

type Environment = Readonly<Record<string, string>>;
type Http = Readonly<Partial<Record<ServiceName, string>>>;

/** A running pair. */
export class BenchPair {
  private constructor(
    private readonly directory: string,
    readonly address: string,
    private readonly http: Http,
    private pair: Pair,
    private readonly removeDirectory: () => void,
  ) {}

  /** Starts a pair and waits until it serves. */
  static async start(
    environment: Environment,
    metrics: 'metrics shown' | 'no metrics' = 'no metrics',
  ): Promise<BenchPair> {
    const directory = mkdtempSync(join(tmpdir(), 'irispair-bench-'));
    const removeDirectory = () => {
      rmSync(directory, { recursive: true, force: true });
    };
    process.once('exit', removeDirectory);
    const address = `127.0.0.1:${await freePort()}`;
    const local = async () => `127.0.0.1:${await freePort()}`;
    const http: Http = metrics === 'metrics shown' ? { graph: await local(), iris: await local() } : {};
    const pair = new BenchPair(
      directory,
      address,
      http,
      startPair(directory, address, http, environment),
      removeDirectory,
    );
    return pair.served();
  }

  /** Stops both services and starts them with other settings on the same stores. */
  async restart(environment: Environment): Promise<void> {
    await this.pair.stop();
    this.pair = startPair(this.directory, this.address, this.http, environment);
    await this.served();
  }

  /** The sum of a metric's figures in both services, as far as they show metrics. */
  async metric(name: string): Promise<number> {
    let sum = 0;
    for (const address of Object.values(this.http)) {
      const text = await (await fetch(`http://${address}/metrics`)).text();
      const lines = text
        .split('\n')
        .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
      for (const line of lines) sum += Number(line.slice(line.lastIndexOf(' ')));
    }
    return sum;
  }

  /** Calls with a client that is closed afterwards. */
  async withClient<Result>(use: (client: PairClient) => Promise<Result>): Promise<Result> {
    const client = new PairClient(this.address);
    try {
      return await use(client);
    } finally {
      client.close();
    }
  }

  async stop(): Promise<void> {
    await this.pair.stop();
    this.removeDirectory();
    process.off('exit', this.removeDirectory);
  }

  private async served(): Promise<this> {
    try {
      await this.pair.ready();
      return this;
    } catch (error) {
      await this.stop();
      throw error;
    }
  }
}

function startPair(directory: string, listen: string, http: Http, environment: Environment): Pair {
  return Pair.start({
    directory,
    listen,
    http,
    environment: { IRISPAIR_LOG_LEVEL: 'error', ...environment },
    logged: (service, line) => process.stderr.write(`[${service}] ${line}\n`),
    died: (service, { reason }) => process.stderr.write(`[${service}] ended: ${reason}\n`),
  });
}
