/** Small programs in processes of their own: for tests. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A running program. */
export class Script {
  /** Lines of its standard output so far. */
  readonly lines: string[] = [];
  /** Its standard error so far. */
  complaint = '';
  private readonly child: ChildProcess;
  private readonly ended: Promise<unknown[]>;

  /**
   * @param source an ES module
   * @param environment beside this process's own
   */
  constructor(source: string, environment: Readonly<Record<string, string>> = {}) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    createInterface({ input: child.stdout }).on('line', (line) => this.lines.push(line));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.complaint += text;
    });
    this.child = child;
    this.ended = once(child, 'close');
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('the program did not start');
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
