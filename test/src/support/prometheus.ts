/** A real Prometheus that reads the metrics of a pair: for tests. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '@irispair/common/support/until';
import { freePort } from 'irispair/pair/free-port';

const run = promisify(execFile);

/** One series of an answer, as it is now. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One rule as the server has it. */
export interface LoadedRule {
  readonly name: string;
  /** Its expression. */
  readonly query: string;
  readonly health: string;
  readonly lastError?: string;
  readonly state: string;
  readonly alerts: readonly { readonly annotations: Readonly<Record<string, string>> }[];
}

/** Where it reads. */
export interface PrometheusOptions {
  /** HOST:PORT by the name of the job. */
  readonly targets: Readonly<Record<string, string>>;
  /** Rule files, with wildcards. */
  readonly rules: string;
}

/** A running server with a directory of its own. */
export class PrometheusUnderTest {
  private constructor(
    private readonly server: ChildProcess,
    private readonly directory: string,
    private readonly url: string,
  ) {}

  /** Starts one that reads and evaluates every second. */
  static async start({ targets, rules }: PrometheusOptions): Promise<PrometheusUnderTest> {
    const directory = await mkdtemp(join(tmpdir(), 'irispair-prometheus-'));
    const configuration = join(directory, 'prometheus.json');
    const address = `127.0.0.1:${await freePort()}`;
    // JSON is YAML.
    await writeFile(
      configuration,
      JSON.stringify({
        global: { scrape_interval: '1s', evaluation_interval: '1s' },
        rule_files: [rules],
        scrape_configs: Object.entries(targets).map(([name, target]) => ({
          job_name: name,
          static_configs: [{ targets: [target] }],
        })),
      }),
    );
    const server = spawn(
      'prometheus',
      [
        `--config.file=${configuration}`,
        `--storage.tsdb.path=${join(directory, 'data')}`,
        `--web.listen-address=${address}`,
        '--log.level=warn',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let complaint = '';
    server.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
    server.on('error', (error) => (complaint += `${error.message}: sh scripts/packages.sh test`));
    const prometheus = new PrometheusUnderTest(server, directory, `http://${address}`);
    try {
      await until('Prometheus is ready', () => prometheus.isReady());
    } catch (error) {
      await prometheus.stop();
      throw new Error(`${String(error)}\n${complaint}`, { cause: error });
    }
    return prometheus;
  }

  /** Every series that a PromQL expression finds now. */
  async query(expression: string): Promise<Series[]> {
    const { result } = await this.ask<{
      result: { metric: Record<string, string>; value: [number, string] }[];
    }>(`query?query=${encodeURIComponent(expression)}`);
    return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  }

  /** The one figure that an expression has. @throws Error when it has none, or several */
  async figure(expression: string): Promise<number> {
    const found = await this.query(expression);
    if (found.length !== 1) throw new Error(`${expression} finds ${found.length} series`);
    return found[0].value;
  }

  /** All rules that it has loaded. */
  async rules(): Promise<LoadedRule[]> {
    const { groups } = await this.ask<{ groups: { rules: LoadedRule[] }[] }>('rules');
    return groups.flatMap(({ rules }) => rules);
  }

  /** Stops it and removes its directory. */
  async stop(): Promise<void> {
    if (this.server.pid !== undefined && this.server.exitCode === null) {
      const exited = once(this.server, 'exit');
      this.server.kill('SIGTERM');
      await exited;
    }
    await rm(this.directory, { recursive: true, force: true });
  }

  private async isReady(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/-/ready`)).ok;
    } catch {
      return false;
    }
  }

  private async ask<Data>(path: string): Promise<Data> {
    const response = await fetch(`${this.url}/api/v1/${path}`);
    const answer = (await response.json()) as { status: string; error?: string; data: Data };
    if (answer.status !== 'success') throw new Error(`${decodeURIComponent(path)}: ${answer.error ?? ''}`);
    return answer.data;
  }
}

/** Runs promtool. Resolves to what it says. @throws Error with that when it fails */
export async function promtool(...args: string[]): Promise<string> {
  const { stdout } = await run('promtool', args);
  return stdout;
}
