/** The iris service of one party, as a process of its own: it can be killed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { askHealth } from '@irispair/common/grpc/health-check';
import { socketTarget } from '@irispair/common/grpc/local-socket';
import { until } from '@irispair/common/support/until';
import { HopClient } from './hop-client.js';

const MAIN = fileURLToPath(import.meta.resolve('../main.js'));

/** A running service. */
export class PartyProcess extends HopClient {
  private constructor(
    private readonly socket: string,
    private readonly environment: Readonly<Record<string, string>>,
    private running: Running,
  ) {
    super(socket);
  }

  /** Resolves once it answers; whether the other parties are there it says by its health. */
  static async start(socket: string, environment: Readonly<Record<string, string>>): Promise<PartyProcess> {
    const all = { IRISPAIR_STORE_CREATE: '1', ...environment, IRISPAIR_IRIS_SOCKET: socket };
    return new PartyProcess(socket, all, await Running.start(socket, all));
  }

  /** All that it has written so far. */
  get output(): string {
    return this.running.output;
  }

  /** What the standard health check says. */
  health(): Promise<string> {
    return askHealth(socketTarget(this.socket));
  }

  /** Has it read nothing. */
  pause(): void {
    this.running.signal('SIGSTOP');
  }

  resume(): void {
    this.running.signal('SIGCONT');
  }

  /** Ends it on the spot. */
  kill(): Promise<void> {
    return this.running.end('SIGKILL');
  }

  /** Starts it again on the same store. */
  async startAgain(): Promise<void> {
    this.running = await Running.start(this.socket, this.environment);
    this.reconnect(this.socket);
  }

  async stop(): Promise<void> {
    this.disconnect();
    await this.running.end('SIGTERM');
  }
}

class Running {
  output = '';
  private readonly closed: Promise<unknown>;

  private constructor(private readonly child: ChildProcess) {
    this.closed = once(child, 'close');
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
  }

  static async start(socket: string, environment: Readonly<Record<string, string>>): Promise<Running> {
    const child = spawn(process.execPath, [MAIN], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    const running = new Running(child);
    await until('the iris service answers', async () => {
      if (child.exitCode !== null) throw new Error(`the iris service ended: ${running.output}`);
      return askHealth(socketTarget(socket)).then(
        () => true,
        () => false,
      );
    });
    return running;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    this.signal(signal);
    await this.closed;
  }
}
