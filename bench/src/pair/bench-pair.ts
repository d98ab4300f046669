/** A real pair in a directory of its own, removed with it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PairClient } from 'irispair/client/pair-client';
import { freePort } from 'irispair/pair/free-port';
import { Pair } from 'irispair/pair/pair';

type Environment = Readonly<Record<string, string>>;

/** A running pair. */
export class BenchPair {
  private constructor(
    private readonly directory: string,
    readonly address: string,
    private pair: Pair,
    private readonly removeDirectory: () => void,
  ) {}

  /** Starts a pair and waits until it serves. */
  static async start(environment: Environment): Promise<BenchPair> {
    const directory = mkdtempSync(join(tmpdir(), 'irispair-bench-'));
    const removeDirectory = () => {
      rmSync(directory, { recursive: true, force: true });
    };
    process.once('exit', removeDirectory);
    const address = `127.0.0.1:${await freePort()}`;
    const pair = new BenchPair(
      directory,
      address,
      startPair(directory, address, environment),
      removeDirectory,
    );
    return pair.served();
  }

  /** Stops both services and starts them with other settings on the same stores. */
  async restart(environment: Environment): Promise<void> {
    await this.pair.stop();
    this.pair = startPair(this.directory, this.address, environment);
    await this.served();
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

function startPair(directory: string, listen: string, environment: Environment): Pair {
  return Pair.start({
    directory,
    listen,
    environment: { IRISPAIR_LOG_LEVEL: 'error', ...environment },
    logged: (service, line) => process.stderr.write(`[${service}] ${line}\n`),
    died: (service, { reason }) => process.stderr.write(`[${service}] ended: ${reason}\n`),
  });
}
