/** A pair in containers, as docker/compose.yaml describes it, in a folder of its own. */
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PATIENCE_MILLISECONDS } from '@irispair/common/support/patience';
import { until } from '@irispair/common/support/until';
import { PairClient } from 'irispair/client/pair-client';
import { freePort } from 'irispair/pair/free-port';
import { mustRun, runCommand, type CommandResult } from './command.js';
import { dockerClient, lines } from './engine.js';
import { CHECKOUT, POSTGRES_IMAGE } from './images.js';
import { nodeTree, type TwoNodes } from './two-nodes.js';

const SERVICES = ['graph-service', 'iris-service', 'postgres'] as const;

/** Services of the compose file that run here. */
export type ComposedService = (typeof SERVICES)[number];

/** A compose project. */
export class ComposedPair {
  private constructor(
    private readonly directory: string,
    private readonly generated: string,
    readonly client: PairClient,
  ) {}

  /** Prepares the project with the `.env` that docker/make-env.sh writes for the machine. Starts nothing. */
  static async prepare(directory: string, machine: TwoNodes): Promise<ComposedPair> {
    await mkdir(directory, { recursive: true });
    const makeEnv = join(directory, 'make-env.sh');
    await copyFile(join(CHECKOUT, 'docker/make-env.sh'), makeEnv);
    await mustRun(['sh', makeEnv, '--root', machine.root], {
      environment: {
        IRIS_MPC_NUMA_TOKIO_NODE: String(machine.graph.node),
        IRIS_MPC_NUMA_WORKER_NODE: String(machine.iris.node),
      },
    });
    const tree = `${nodeTree(machine)}:/sys/devices/system/node:ro`;
    const overrides = { 'graph-service': { volumes: [tree] }, 'iris-service': { volumes: [tree] } };
    await writeFile(join(directory, 'two-nodes.yaml'), JSON.stringify({ services: overrides }));
    const port = await freePort();
    const generated = await readFile(join(directory, '.env'), 'utf8');
    const pair = new ComposedPair(
      directory,
      `${generated}
IRISPAIR_PORT=${port}
IRISPAIR_HTTP_PORT=${await freePort()}
IRISPAIR_POSTGRES_IMAGE=${POSTGRES_IMAGE}
IRIS_STORE_INITIAL_CAPACITY=2000
COMPOSE_FILE=compose.yaml:two-nodes.yaml
COMPOSE_PROFILES=
OTEL_EXPORTER_OTLP_ENDPOINT=
`,
      new PairClient(`127.0.0.1:${port}`, PATIENCE_MILLISECONDS),
    );
    await pair.configure();
    return pair;
  }

  /**
   * Writes compose.yaml and `.env` anew.
   * @param settings follow what was generated
   * @param edits of compose.yaml, each of words that must be there
   */
  async configure(
    settings: Readonly<Record<string, string>> = {},
    edits: readonly (readonly [from: string, to: string])[] = [],
  ): Promise<void> {
    const added = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
    await writeFile(
      join(this.directory, '.env'),
      `${this.generated}IRISPAIR_STORE_CREATE=1\n${added.join('')}`,
    );
    let written = await readFile(join(CHECKOUT, 'docker/compose.yaml'), 'utf8');
    for (const [from, to] of edits) {
      if (!written.includes(from)) throw new Error(`compose.yaml does not have ${from}`);
      written = written.replace(from, to);
    }
    await writeFile(join(this.directory, 'compose.yaml'), written);
  }

  /** Runs compose to its end, whatever that is. */
  tryCompose(args: readonly string[], input = ''): Promise<CommandResult> {
    return runCommand(['docker-compose', ...args], { directory: this.directory, input });
  }

  /** Runs compose, which must succeed. Returns its output. */
  compose(args: readonly string[], input = ''): Promise<string> {
    return mustRun(['docker-compose', ...args], { directory: this.directory, input });
  }

  /** Starts what does not run as configured, and waits until the pair serves. */
  async up(): Promise<void> {
    await this.compose(['up', '--detach', '--no-build']);
    await this.untilReady();
  }

  /** Waits until the pair serves and takes enrolments. */
  async untilReady(): Promise<void> {
    try {
      await until('the pair serves', () => this.isReady());
    } catch (error) {
      const logs = await Promise.all(SERVICES.map((service) => this.log(service)));
      throw new Error([String(error), ...logs.map((log) => log.slice(-2_000))].join('\n'), { cause: error });
    }
  }

  async container(service: ComposedService): Promise<string> {
    const [id] = lines(await this.compose(['ps', '--quiet', service]));
    return id;
  }

  /** What the container of a service has logged. */
  async log(service: ComposedService): Promise<string> {
    const { output, errors } = await runCommand([dockerClient(), 'logs', await this.container(service)]);
    return output + errors;
  }

  private async isReady(): Promise<boolean> {
    try {
      const { ready, storeAway } = await this.client.status();
      return ready && storeAway === '';
    } catch {
      return false;
    }
  }
}
