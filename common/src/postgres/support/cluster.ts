/**
 * A PostgreSQL server of a test's own: a throw-away cluster on a Unix socket in a temporary directory.
 *
 * The server refuses to run as root, so root starts it as an unprivileged user.
 */
import { spawn, execFile, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readdirSync } from 'node:fs';
import { appendFile, chmod, chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { until } from '../../support/until.js';

const run = promisify(execFile);

const DEBIAN_VERSIONS = '/usr/lib/postgresql';
const LOOPBACK = '127.0.0.1';
const DEFAULT_PORT = 5432;
/** Whom a test connects as, unless it says otherwise. */
export const SUPERUSER = 'irispair_test';

/** Directory of the newest server's programs. */
function programs(): string {
  const versions = existsSync(DEBIAN_VERSIONS) ? readdirSync(DEBIAN_VERSIONS) : [];
  const found = versions
    .map((version) => ({ version: Number(version), directory: join(DEBIAN_VERSIONS, version, 'bin') }))
    .filter(({ directory }) => existsSync(join(directory, 'initdb')))
    .sort((a, b) => b.version - a.version)
    .at(0);
  if (found === undefined) {
    throw new Error('PostgreSQL is not installed: sh scripts/packages.sh test');
  }
  return found.directory;
}

interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Whom the server runs as: this user, or for root an unprivileged one. */
export async function serverAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const account = ['postgres', 'nobody']
    .map((name) => accounts.find(([found]) => found === name))
    .find((found) => found !== undefined);
  if (account === undefined) throw new Error('neither the user postgres nor nobody exists');
  return { uid: Number(account[2]), gid: Number(account[3]) };
}

/** How a cluster runs. */
export interface ClusterOptions {
  /** Also listens on the loopback, on a port that was free. */
  readonly tcp?: boolean;
  /** Keeps the write-ahead log elsewhere: in an empty directory, which the cluster takes. */
  readonly logDirectory?: string;
  /** Speaks TLS with these, PEM. */
  readonly tls?: { readonly certificate: string; readonly key: string };
  /** Further lines of postgresql.conf. */
  readonly settings?: readonly string[];
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, LOOPBACK);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** How to reach a database of the cluster. */
export interface Login {
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  /** `search_path` of the connection. */
  readonly schema?: string;
}

/** A running server. */
export class TestCluster {
  private server: ChildProcess | undefined;

  private constructor(
    readonly directory: string,
    readonly port: number,
    private readonly account: Account | undefined,
  ) {}

  /** Makes and starts a cluster. */
  static async start({
    tcp = false,
    logDirectory,
    tls,
    settings = [],
  }: ClusterOptions = {}): Promise<TestCluster> {
    const account = await serverAccount();
    const directory = await mkdtemp(join(tmpdir(), 'irispair-pg-'));
    if (account !== undefined) {
      await chown(directory, account.uid, account.gid);
      await chmod(directory, 0o755);
      if (logDirectory !== undefined) await chown(logDirectory, account.uid, account.gid);
    }
    const cluster = new TestCluster(directory, tcp ? await freePort() : DEFAULT_PORT, account);
    try {
      await cluster.initialise(logDirectory === undefined ? [] : [`--waldir=${logDirectory}`], [
        `port = ${cluster.port}`,
        `listen_addresses = '${tcp ? LOOPBACK : ''}'`,
        ...settings,
      ]);
      if (tls !== undefined) await cluster.offerTls(tls);
      await cluster.startServer();
    } catch (error) {
      await cluster.remove();
      throw error;
    }
    return cluster;
  }

  /** URL of a database over the Unix socket; the superuser's, if nobody else is named. */
  url({ user = SUPERUSER, password, database = 'postgres', schema }: Login = {}): string {
    const login = password === undefined ? user : `${user}:${encodeURIComponent(password)}`;
    const url = new URL(`postgres://${login}@localhost/${database}`);
    url.searchParams.set('host', this.directory);
    url.searchParams.set('port', String(this.port));
    if (schema !== undefined) url.searchParams.set('options', `-c search_path=${schema}`);
    return url.href.replace('@localhost', '@').replaceAll('+', '%20');
  }

  /** Runs SQL as the superuser. */
  async sql<Row extends Record<string, unknown>>(
    text: string,
    database = 'postgres',
    values: readonly unknown[] = [],
  ): Promise<Row[]> {
    const client = new Client({ host: this.directory, port: this.port, user: SUPERUSER, database });
    client.on('error', () => undefined);
    await client.connect();
    try {
      const { rows } = await client.query<Row>(text, [...values]);
      return rows;
    } finally {
      await client.end();
    }
  }

  /** A new database. @returns its name */
  async createDatabase(): Promise<string> {
    const name = `test_${process.hrtime.bigint()}`;
    await this.sql(`CREATE DATABASE ${name}`);
    return name;
  }

  /**
   * Stops the server's process that serves the owner of a store, as a network that swallows everything would.
   * @returns lets it go on
   */
  async silenceOwner(database: string): Promise<() => void> {
    const [{ pid }] = await this.sql<{ pid: number }>(
      `SELECT pid FROM pg_locks JOIN pg_database ON pg_database.oid = database
       WHERE locktype = 'advisory' AND granted AND datname = $1`,
      'postgres',
      [database],
    );
    process.kill(pid, 'SIGSTOP');
    return () => {
      process.kill(pid, 'SIGCONT');
    };
  }

  /** From now on everybody but the superuser on the Unix socket needs a password. */
  async requirePasswords(): Promise<void> {
    const lines = [
      `local all ${SUPERUSER} trust`,
      'local all all scram-sha-256',
      'host all all all scram-sha-256',
    ];
    await writeFile(join(this.data, 'pg_hba.conf'), `${lines.join('\n')}\n`);
    await this.sql('SELECT pg_reload_conf()');
    // The postmaster reads it soon after; a new connection shows that it has.
    await until('passwords are asked for', async () => {
      const [read] = await this.sql<{ methods: string }>(
        "SELECT string_agg(auth_method, ' ') AS methods FROM pg_hba_file_rules",
      );
      return read.methods.includes('scram');
    });
  }

  /** Starts the stopped or killed server on the same data; resolves when it takes connections. */
  async startServer(): Promise<void> {
    // After a kill the last of the old server's processes may still be there: it refuses until they are gone.
    await until('PostgreSQL takes connections', async () => {
      if (this.server?.exitCode !== null) this.server = this.spawnServer();
      return this.answers();
    });
  }

  /** Stops the server in order, cutting connections. */
  async stopServer(): Promise<void> {
    await this.end('SIGINT');
  }

  /** Kills the server and all that it started, as a power cut would. */
  async killServer(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Stops the server and removes the cluster. */
  async remove(): Promise<void> {
    await this.stopServer();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** What the server says. */
  get logFile(): string {
    return join(this.directory, 'server.log');
  }

  private get data(): string {
    return join(this.directory, 'data');
  }

  private async initialise(options: readonly string[], settings: readonly string[]): Promise<void> {
    const authentication = ['--auth=trust', '--username', SUPERUSER, '--no-sync', '--encoding=UTF8'];
    await run(join(programs(), 'initdb'), ['-D', this.data, ...authentication, '--locale=C', ...options], {
      ...this.account,
      cwd: this.directory,
    });
    const lines = [
      `unix_socket_directories = '${this.directory}'`,
      "shared_buffers = '32MB'",
      'max_connections = 40',
      ...settings,
    ];
    await writeFile(join(this.data, 'postgresql.auto.conf'), `${lines.join('\n')}\n`);
  }

  private async offerTls({ certificate, key }: NonNullable<ClusterOptions['tls']>): Promise<void> {
    for (const [name, text] of [
      ['server.crt', certificate],
      ['server.key', key],
    ]) {
      const file = join(this.data, name);
      await writeFile(file, text, { mode: 0o600 });
      if (this.account !== undefined) await chown(file, this.account.uid, this.account.gid);
    }
    await appendFile(join(this.data, 'postgresql.auto.conf'), 'ssl = on\n');
  }

  private spawnServer(): ChildProcess {
    const program = join(programs(), 'postgres');
    const log = openSync(this.logFile, 'a');
    try {
      return spawn(program, ['-D', this.data], { stdio: ['ignore', log, log], ...this.account });
    } finally {
      closeSync(log);
    }
  }

  private async answers(): Promise<boolean> {
    try {
      await this.sql('SELECT 1');
      return true;
    } catch {
      return false;
    }
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (server?.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, 'exit');
    server.kill(signal);
    await exited;
  }
}
