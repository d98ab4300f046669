/** A service as an operator starts it: a process with settings. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Where, or as whom, a service is started. */
export interface Launch {
  /** A command that starts the one that follows it. */
  readonly command: readonly string[];
  /** Where a file of this repository, or node itself, lies for it. */
  readonly place: (file: string) => string;
}

const PLAIN: Launch = { command: [], place: (file) => file };

/** A started service. */
export class ServiceProcess {
  /** Its standard error so far. */
  complaint = '';
  private readonly child: ChildProcess;
  private readonly ended: Promise<unknown[]>;

  constructor(
    service: 'iris' | 'graph',
    environment: Readonly<Record<string, string>>,
    args: readonly string[] = [],
    { command, place }: Launch = PLAIN,
  ) {
    const [program, ...before] = [...command, place(process.execPath), place(entryOf(service))];
    const child = spawn(program, [...before, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...process.env,
        IRISPAIR_EXIT_WITH_PARENT: String(process.pid),
        IRISPAIR_STORE_CREATE: '1',
        ...environment,
      },
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.complaint += text;
    });
    this.child = child;
    this.ended = once(child, 'close');
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('the service did not start');
    return this.child.pid;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Resolves to its exit code, or to the signal that ended it. */
  async end(): Promise<number | NodeJS.Signals> {
    const [code, signal] = (await this.ended) as [number | null, NodeJS.Signals | null];
    return code ?? signal ?? 0;
  }
}

/** The program of a service. */
export function entryOf(service: 'iris' | 'graph'): string {
  return fileURLToPath(import.meta.resolve(`@irispair/${service}-service/main`));
}
