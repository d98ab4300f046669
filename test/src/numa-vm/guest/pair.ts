/**
 * The pair in the guest: both services as an operator starts them, on stores that last as long as the machine.
 *
 * Starting is dear here, so a graph service that is to run as it does already is left running: it joins the next iris
 * service by itself.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PairClient } from 'irispair/client/pair-client';
import { ServiceProcess, type Launch } from '../../support/service-process.js';

/** A service's settings. */
export type Settings = Readonly<Record<string, string>>;

/** How to run the pair. */
export interface PairPlan {
  /** Of both services. */
  readonly settings?: Settings;
  /** Of the iris service alone. */
  readonly iris?: Settings;
  /** A command that both services' own commands are given to. */
  readonly launcher?: readonly string[];
  /** The iris service's instead. */
  readonly irisLauncher?: readonly string[];
}

/** How a service ended that would not start. */
export interface Refusal {
  readonly code: number | NodeJS.Signals;
  readonly complaint: string;
}

const DIRECTORY = '/tmp/pair';
const ADDRESS = '127.0.0.1:50051';
const READY_MILLISECONDS = 120_000;
const POLL_MILLISECONDS = 250;

const BASE: Settings = {
  IRISPAIR_IRIS_SOCKET: join(DIRECTORY, 'iris.sock'),
  IRISPAIR_IRIS_STORE: join(DIRECTORY, 'iris'),
  IRISPAIR_STORE_CREATE: '1',
  IRISPAIR_GRAPH_STORE: join(DIRECTORY, 'graph'),
  IRISPAIR_LISTEN: ADDRESS,
  IRISPAIR_INDEX: 'hnsw',
};
/** Two hugepages an arena. */
const IRIS_BASE: Settings = { IRIS_STORE_INITIAL_CAPACITY: '1000' };

/** The pair, running or not. */
export class GuestPair {
  private iris: ServiceProcess | undefined;
  private graph: { readonly process: ServiceProcess; readonly plan: string } | undefined;

  constructor() {
    mkdirSync(DIRECTORY, { recursive: true });
  }

  /** Runs the pair as planned; resolves when it serves. */
  async run({ settings = {}, iris = {}, launcher = [], irisLauncher = launcher }: PairPlan): Promise<void> {
    await this.stopIris();
    const plan = JSON.stringify({ settings, launcher });
    if (this.graph?.plan !== plan) {
      await this.stopGraph();
      const process = new ServiceProcess('graph', { ...BASE, ...settings }, [], launch(launcher));
      this.graph = { process, plan };
    }
    this.iris = new ServiceProcess(
      'iris',
      { ...BASE, ...IRIS_BASE, ...settings, ...iris },
      [],
      launch(irisLauncher),
    );
    await this.untilReady();
  }

  /** Runs a service of these settings to its end, which is to come by itself, while no other one runs. */
  async refusal(
    service: 'iris' | 'graph',
    settings: Settings,
    launcher: readonly string[] = [],
  ): Promise<Refusal> {
    if (service === 'iris') await this.stopIris();
    else await this.stopGraph();
    const process = new ServiceProcess(service, { ...BASE, ...IRIS_BASE, ...settings }, [], launch(launcher));
    const limit = setTimeout(() => {
      process.kill('SIGKILL');
    }, READY_MILLISECONDS);
    const code = await process.end();
    clearTimeout(limit);
    keepLog(process);
    return { code, complaint: process.complaint };
  }

  /** @throws Error when it does not run */
  pid(service: 'iris' | 'graph'): number {
    return this.process(service).pid;
  }

  /** All that the running service logged. */
  log(service: 'iris' | 'graph'): string {
    return this.process(service).complaint;
  }

  /** A client of the running pair, closed by whoever asks for it. */
  client(): PairClient {
    return new PairClient(ADDRESS);
  }

  /** Stops the iris service in order, or as the kernel would. */
  async stopIris(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const { iris } = this;
    this.iris = undefined;
    await end(iris, signal);
  }

  async stop(): Promise<void> {
    await this.stopGraph();
    await this.stopIris();
  }

  private async stopGraph(): Promise<void> {
    const { graph } = this;
    this.graph = undefined;
    await end(graph?.process, 'SIGTERM');
  }

  private process(service: 'iris' | 'graph'): ServiceProcess {
    const process = service === 'iris' ? this.iris : this.graph?.process;
    if (process === undefined) throw new Error(`the ${service} service does not run`);
    return process;
  }

  private async untilReady(): Promise<void> {
    for (const end = Date.now() + READY_MILLISECONDS; Date.now() < end;) {
      // A new connection each time: an old one waits longer after every refusal.
      const client = this.client();
      const status = await client.status().catch(() => undefined);
      client.close();
      if (status?.ready === true) return;
      await sleep(POLL_MILLISECONDS);
    }
    throw new Error(`the pair does not serve:\n${this.log('iris')}\n${this.log('graph')}`);
  }
}

async function end(service: ServiceProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (service === undefined) return;
  service.kill(signal);
  await service.end();
  keepLog(service);
}

/** The console keeps what the service said, for whoever looks for the cause of a failed check. */
function keepLog({ complaint }: ServiceProcess): void {
  process.stderr.write(complaint);
}

/** Files lie where they lie for everybody. */
function launch(command: readonly string[]): Launch {
  return { command, place: (file) => file };
}
