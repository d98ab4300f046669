/** A PgBouncer of a test's own before a cluster of a test's own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { until } from '../../support/until.js';
import { SUPERUSER, serverAccount, type TestCluster } from './cluster.js';

/** Debian keeps it where only root's path looks. */
const PROGRAM = '/usr/sbin/pgbouncer';
const PORT = 6432;

/** How it runs. */
export interface BouncerOptions {
  readonly mode: 'session' | 'transaction' | 'statement';
  /** Further lines of its section. */
  readonly settings?: readonly string[];
}

/** A running PgBouncer. */
export class TestBouncer {
  private constructor(
    private readonly directory: string,
    private readonly server: ChildProcess,
  ) {}

  /** Starts one; resolves when it passes queries on. */
  static async start(
    { directory: host, port }: TestCluster,
    { mode, settings = [] }: BouncerOptions,
  ): Promise<TestBouncer> {
    const account = await serverAccount();
    const directory = await mkdtemp(join(tmpdir(), 'irispair-bouncer-'));
    const file = join(directory, 'pgbouncer.ini');
    const lines = [
      '[databases]',
      `* = host=${host} port=${port} user=${SUPERUSER}`,
      '[pgbouncer]',
      `pool_mode = ${mode}`,
      `unix_socket_dir = ${directory}`,
      `listen_port = ${PORT}`,
      'auth_type = any',
      ...settings,
    ];
    await writeFile(file, `${lines.join('\n')}\n`);
    if (account !== undefined) await chown(directory, account.uid, account.gid);
    await chmod(directory, 0o755);
    const log = openSync(join(directory, 'log'), 'a');
    const server = spawn(PROGRAM, ['-q', file], { stdio: ['ignore', log, log], ...account });
    closeSync(log);
    const bouncer = new TestBouncer(directory, server);
    await until('PgBouncer passes queries on', () => bouncer.answers());
    return bouncer;
  }

  /** URL of a database of the cluster. */
  url(database: string, parameters = ''): string {
    return `postgres://${SUPERUSER}@/${database}?host=${this.directory}&port=${PORT}${parameters}`;
  }

  async remove(): Promise<void> {
    if (this.server.exitCode === null && this.server.signalCode === null) {
      const exited = once(this.server, 'exit');
      this.server.kill('SIGKILL');
      await exited;
    }
    await rm(this.directory, { recursive: true, force: true });
  }

  private async answers(): Promise<boolean> {
    const client = new Client({ host: this.directory, port: PORT, user: SUPERUSER, database: 'postgres' });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('SELECT 1');
      return true;
    } catch (error) {
      if (this.server.exitCode !== null) throw new Error('PgBouncer has ended', { cause: error });
      return false;
    } finally {
      await client.end();
    }
  }
}
