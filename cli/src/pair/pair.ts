/**
 * Runs a pair: both services as child processes that die with this one.
 *
 * The graph service is stopped first, so that nothing it has in flight is lost; sockets and processes are gone when stop
 * resolves.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { MisconfiguredError } from '@irispair/common/errors/errors';
import { fitsSocketAddress, LONGEST_SOCKET_PATH } from '@irispair/common/grpc/local-socket';
import { DAMAGED_EXIT_CODE, MISCONFIGURED_EXIT_CODE } from '@irispair/common/process/run-service';
import { readProgress, type LoggedProgress } from '@irispair/common/log/progress-log';
import { PairClient } from '../client/pair-client.js';

/** The two services. */
export type ServiceName = 'iris' | 'graph';

/** What becomes of a place in which there is no store of irises. */
export enum MissingStore {
  /** An empty store is made, when the iris service first starts. */
  Make = 'make',
  Refuse = 'refuse',
}

/** How to run a pair. */
export interface PairOptions {
  /** Holds the socket, and both stores unless the environment says where they are. */
  readonly directory: string;
  /** HOST:PORT of the public API. */
  readonly listen: string;
  /** HOST:PORT of a service's metrics; not given: it shows none. */
  readonly http?: Readonly<Partial<Record<ServiceName, string | undefined>>>;
  /** Further settings of both services, among them stores elsewhere. */
  readonly environment: Readonly<Record<string, string>>;
  /** Default: an empty store is made. */
  readonly missingStore?: MissingStore;
  /** Told of every line that a service logs, except of progress. */
  readonly logged: (service: ServiceName, line: string) => void;
  /** Told now and then how far a service is with a long piece of work. */
  readonly progress?: (progress: LoggedProgress) => void;
  /** Told when a service ended without being asked. */
  readonly died: (service: ServiceName, death: Death) => void;
}

/** How a service ended without being asked. */
export interface Death {
  readonly reason: string;
  /** It cannot run as configured, or on a damaged store; its log says why. Starting it again does not help. */
  readonly isFinal: boolean;
}

const SOCKET_NAME = 'iris.sock';
const READY_MILLISECONDS = 120_000;
const POLL_MILLISECONDS = 100;
const STOP_MILLISECONDS = 10_000;

/** A running pair. */
export class Pair {
  private readonly children = new Map<ServiceName, ChildProcess>();
  private stopping = false;
  private hasStartedIrises = false;
  private giveUpAt = 0;

  private constructor(private readonly options: PairOptions) {}

  /** Starts both services. @throws MisconfiguredError when the directory's path is too long to hold a socket */
  static start(options: PairOptions): Pair {
    checkLength(options.directory);
    const pair = new Pair(options);
    pair.startService('iris');
    pair.startService('graph');
    return pair;
  }

  /** Unix socket between the services. */
  get socket(): string {
    return join(this.options.directory, SOCKET_NAME);
  }

  /** The kernel's ids of the services that run. */
  pid(service: ServiceName): number | undefined {
    return this.children.get(service)?.pid;
  }

  /** Starts a service that is not running. */
  startService(service: ServiceName): void {
    const { directory, listen, http, environment } = this.options;
    const makesStore =
      service === 'iris' && !this.hasStartedIrises && this.options.missingStore !== MissingStore.Refuse;
    if (service === 'iris') this.hasStartedIrises = true;
    const entry = fileURLToPath(import.meta.resolve(`@irispair/${service}-service/main`));
    const child = spawn(process.execPath, [entry], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...process.env,
        IRISPAIR_IRIS_STORE: join(directory, 'iris'),
        IRISPAIR_GRAPH_STORE: join(directory, 'graph'),
        ...environment,
        ...(makesStore ? { IRISPAIR_STORE_CREATE: '1' } : {}),
        IRISPAIR_EXIT_WITH_PARENT: String(process.pid),
        IRISPAIR_IRIS_SOCKET: this.socket,
        IRISPAIR_LISTEN: listen,
        // An empty one is as good as none.
        IRISPAIR_HTTP_LISTEN: http?.[service] ?? '',
        IRISPAIR_PROBE_LISTEN: '',
      },
    });
    this.children.set(service, child);
    createInterface({ input: child.stderr }).on('line', (line) => {
      const progress = readProgress(line);
      if (progress === undefined) this.options.logged(service, line);
      else this.getsOn(progress);
    });
    child.once('exit', (code, signal) => {
      this.children.delete(service);
      if (this.stopping) return;
      this.options.died(service, {
        reason: signal ?? `exit code ${code ?? 0}`,
        isFinal: code === MISCONFIGURED_EXIT_CODE || code === DAMAGED_EXIT_CODE,
      });
    });
  }

  /** Kills a service as the kernel would. */
  async kill(service: ServiceName, signal: NodeJS.Signals): Promise<void> {
    const child = this.children.get(service);
    if (child === undefined) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  private getsOn(progress: LoggedProgress): void {
    this.giveUpAt = Date.now() + READY_MILLISECONDS;
    this.options.progress?.(progress);
  }

  /** Resolves when the pair serves. @throws Error when it does not within two minutes of the last progress */
  async ready(): Promise<void> {
    const client = new PairClient(this.options.listen);
    this.giveUpAt = Date.now() + READY_MILLISECONDS;
    try {
      while (Date.now() < this.giveUpAt && !this.stopping) {
        const status = await client.status().catch(() => undefined);
        if (status?.ready === true) return;
        await sleep(POLL_MILLISECONDS);
      }
      throw new Error('the pair did not become ready: see its log');
    } finally {
      client.close();
    }
  }

  /** Stops both services; kills what does not stop. */
  async stop(): Promise<void> {
    this.stopping = true;
    for (const service of ['graph', 'iris'] as const) {
      const kill = setTimeout(() => {
        const limit = STOP_MILLISECONDS / 1_000;
        this.options.logged(service, `it did not stop within ${limit} s: it is killed`);
        this.children.get(service)?.kill('SIGKILL');
      }, STOP_MILLISECONDS);
      await this.kill(service, 'SIGTERM');
      clearTimeout(kill);
    }
  }
}

/**
 * Sees that the socket in a pair's directory has a path that the kernel takes.
 * @throws MisconfiguredError saying how long the directory's path may be
 */
export function checkLength(directory: string): void {
  if (fitsSocketAddress(join(directory, SOCKET_NAME))) return;
  throw new MisconfiguredError(
    `the path of the pair's directory takes ${LONGEST_SOCKET_PATH - SOCKET_NAME.length - 1} bytes at most, since it holds ` +
      `a Unix socket; this one takes ${Buffer.byteLength(directory)}: choose a shorter one than ${directory}`,
  );
}
