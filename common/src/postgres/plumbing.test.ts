/** Connecting, failing, migrating and owning, against a real server. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { pino } from 'pino';
import { MisconfiguredError, UnavailableError } from '../errors/errors.js';
import { until } from '../support/until.js';
import { readPostgresUrl, type PostgresAddress } from './connection.js';
import { postgresFailure } from './failure.js';
import { migrate } from './migrate.js';
import { OwnershipLostError, PostgresOwner } from './ownership.js';
import { openPool, withConnection } from './pool.js';
import { TestCluster } from './support/cluster.js';

const run = promisify(execFile);
const SILENT = pino({ level: 'silent' });

describe('PostgreSQL', () => {
  let cluster: TestCluster;
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'irispair-migrations-'));
    cluster = await TestCluster.start();
    await cluster.sql("CREATE ROLE guest LOGIN PASSWORD 'guest'");
  });
  after(async () => {
    await cluster.remove();
    await rm(directory, { recursive: true });
  });

  const address = (url: string): PostgresAddress => readPostgresUrl(url, undefined);

  async function failureOf(where: PostgresAddress, sql = 'SELECT 1'): Promise<Error> {
    const client = new Client(where.config);
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query(sql);
    } catch (error) {
      return postgresFailure(error, where.name);
    } finally {
      await client.end();
    }
    return assert.fail('it succeeded');
  }

  describe('a failure', () => {
    it('says whether the server is away or what is misconfigured', async () => {
      const cases: [PostgresAddress, string, typeof UnavailableError | typeof MisconfiguredError, RegExp][] =
        [
          [address('postgres:///x?host=/no/such/directory'), '', UnavailableError, /is away.*ENOENT/],
          [address('postgres://127.0.0.1:1/x'), '', UnavailableError, /is away.*ECONNREFUSED/],
          [address(cluster.url({ database: 'nowhere' })), '', MisconfiguredError, /create the database/],
          [address(cluster.url({ user: 'nobody' })), '', MisconfiguredError, /refuses the user/],
          [
            address(cluster.url({ user: 'guest' })),
            'CREATE ROLE another',
            MisconfiguredError,
            /permission denied.*grant the right/,
          ],
        ];
      for (const [where, sql, kind, message] of cases) {
        const failure = await failureOf(where, sql);
        assert.ok(failure instanceof kind, failure.stack ?? '');
        assert.match(failure.message, message);
      }
      assert.equal((await failureOf(address(cluster.url()), 'SELEC')).name, 'error');
    });

    it('names a wrong or missing password, and TLS that the server has not', async () => {
      const secured = await TestCluster.start({ tcp: true });
      try {
        await secured.sql("CREATE ROLE guest LOGIN PASSWORD 'right'");
        await secured.requirePasswords();
        const host = `postgres://guest:wrong@127.0.0.1:${secured.port}/postgres`;
        const wrong = await failureOf(address(host));
        assert.ok(wrong instanceof MisconfiguredError);
        assert.match(
          wrong.message,
          /127\.0\.0\.1:\d+\/postgres refuses the user.*check the user and the pass/,
        );
        assert.doesNotMatch(wrong.message, /guest:|wrong/);
        const empty = join(directory, 'empty password');
        await writeFile(empty, '\n');
        for (const file of [undefined, empty]) {
          const missing = await failureOf(readPostgresUrl(host.replace(':wrong', ''), file));
          assert.ok(missing instanceof MisconfiguredError);
          assert.match(missing.message, /asks for a password: put it into a file/);
        }
        const tls = await failureOf(address(`${host}?sslmode=require`));
        assert.ok(tls instanceof MisconfiguredError);
        assert.match(tls.message, /no TLS as wanted.*check sslmode/);
      } finally {
        await secured.remove();
      }
    });
  });

  describe('TLS', () => {
    it('says that a server is away which goes away within the handshake', async () => {
      const server = createServer((socket) => {
        // It agrees to TLS, and is gone.
        socket.once('data', () => socket.write('S', () => socket.once('data', () => socket.destroy())));
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const failure = await failureOf(address(`postgres://me:x@127.0.0.1:${port}/d?sslmode=require`));
      assert.ok(failure instanceof UnavailableError, failure.stack ?? '');
      assert.match(failure.message, /is away.*before secure TLS connection was established/);
      server.close();
      await once(server, 'close');
    });

    it('is as the URL wants it: any certificate, or one that the named authority vouches for', async () => {
      const files = { certificate: join(directory, 'tls.crt'), key: join(directory, 'tls.key') };
      const subject = ['-subj', '/CN=loopback', '-addext', 'subjectAltName=IP:127.0.0.1'];
      await run('openssl', [
        ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject],
        ...['-out', files.certificate, '-keyout', files.key],
      ]);
      const server = await TestCluster.start({
        tcp: true,
        tls: {
          certificate: await readFile(files.certificate, 'utf8'),
          key: await readFile(files.key, 'utf8'),
        },
      });
      try {
        await server.sql("CREATE ROLE guest LOGIN PASSWORD 'right'");
        await server.requirePasswords();
        const url = (host: string, mode: string) =>
          address(`postgres://guest:right@${host}:${server.port}/postgres?sslmode=${mode}`);
        const vouched = `&sslrootcert=${files.certificate}`;
        const isTls = async (where: PostgresAddress): Promise<boolean | undefined> => {
          const client = new Client(where.config);
          await client.connect();
          const { rows } = await client.query<{ ssl: boolean }>(
            'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
          );
          await client.end();
          return rows[0].ssl;
        };
        assert.equal(await isTls(url('127.0.0.1', 'disable')), false);
        assert.equal(await isTls(url('127.0.0.1', 'require')), true);
        assert.equal(await isTls(url('127.0.0.1', `verify-full${vouched}`)), true);
        assert.equal(await isTls(url('localhost', `verify-ca${vouched}`)), true);
        for (const where of [url('127.0.0.1', 'verify-full'), url('localhost', `verify-full${vouched}`)]) {
          const failure = await failureOf(where);
          assert.ok(failure instanceof MisconfiguredError, failure.stack ?? '');
          assert.match(failure.message, /no TLS as wanted.*check sslmode and sslrootcert/);
        }
      } finally {
        await server.remove();
      }
    });
  });

  describe('migrations', () => {
    async function folder(name: string, files: Readonly<Record<string, string>>): Promise<string> {
      const made = join(directory, name);
      await mkdir(made, { recursive: true });
      for (const [file, sql] of Object.entries(files)) await writeFile(join(made, file), sql);
      return made;
    }

    it('run once when several starters race, go on from where they were, and refuse what is newer', async () => {
      const where = address(cluster.url({ database: await cluster.createDatabase() }));
      const first = {
        '001.do.make.sql': 'CREATE TABLE ours.things (id int); INSERT INTO ours.things VALUES (1)',
      };
      const one = { schema: 'ours', directory: await folder('one', first) };
      await Promise.all(Array.from({ length: 6 }, () => migrate(where, one)));
      const second = { '002.do.more.sql': 'INSERT INTO ours.things VALUES (2)' };
      const two = { schema: 'ours', directory: await folder('two', { ...first, ...second }) };
      await Promise.all(Array.from({ length: 4 }, () => migrate(where, two)));
      const things = await cluster.sql('SELECT id FROM ours.things ORDER BY id', where.config.database ?? '');
      assert.deepEqual(things, [{ id: 1 }, { id: 2 }]);
      await assert.rejects(migrate(where, one), /schema ours of .* has version 2, this program knows 1/);
    });

    it('leave nothing behind when one fails, and need the right to make a schema', async () => {
      const database = await cluster.createDatabase();
      const files = { '001.do.make.sql': 'CREATE TABLE ours.one (id int)', '002.do.fail.sql': 'SELEC' };
      const failing = { schema: 'ours', directory: await folder('failing', files) };
      await assert.rejects(migrate(address(cluster.url({ database })), failing), /syntax error/);
      assert.deepEqual(await cluster.sql("SELECT 1 FROM pg_namespace WHERE nspname = 'ours'", database), []);
      await assert.rejects(migrate(address(cluster.url({ database, user: 'guest' })), failing), (error) => {
        assert.ok(error instanceof MisconfiguredError);
        assert.match(error.message, /permission denied for database .*grant the right/);
        return true;
      });
    });
  });

  describe('an owner', () => {
    it('is the only one, until it closes', async () => {
      const where = address(cluster.url({ database: await cluster.createDatabase() }));
      const owned = { address: where, schema: 'ours', begin: () => Promise.resolve(), logger: SILENT };
      const owner = await PostgresOwner.take(owned);
      await assert.rejects(PostgresOwner.take(owned), /schema ours\) is in use by another service: stop it/);
      await (await PostgresOwner.take({ ...owned, schema: 'other' })).close();
      await owner.close();
      await assert.rejects(
        owner.run(() => Promise.resolve()),
        /the store is closed/,
      );
      await (await PostgresOwner.take(owned)).close();
    });

    it('learns of a lost connection, writes nothing meanwhile, and owns again', async () => {
      const where = address(cluster.url({ database: await cluster.createDatabase() }));
      let begun = 0;
      const begin = () => {
        begun += 1;
        return Promise.resolve();
      };
      const owner = await PostgresOwner.take({ address: where, schema: 'ours', begin, logger: SILENT });
      const told: boolean[] = [];
      owner.onChange(() => told.push(owner.away === undefined));
      await cluster.killServer();
      await until('it is away', () => owner.away !== undefined);
      await assert.rejects(
        owner.run((client) => client.query('SELECT 1')),
        UnavailableError,
      );
      await cluster.startServer();
      await owner.back();
      const { rows } = await owner.run((client) => client.query<{ one: number }>('SELECT 1 AS one'));
      assert.deepEqual(rows, [{ one: 1 }]);
      assert.deepEqual([told, begun], [[false, true], 2]);
      await owner.close();
    });

    it('closes though the server is silent', async () => {
      const database = await cluster.createDatabase();
      const owned = { address: address(cluster.url({ database })), schema: 'ours', logger: SILENT };
      const owner = await PostgresOwner.take({ ...owned, begin: () => Promise.resolve() });
      const goOn = await cluster.silenceOwner(database);
      try {
        const asked = assert.rejects(
          owner.run((client) => client.query('SELECT 1')),
          UnavailableError,
        );
        await owner.close();
        await asked;
      } finally {
        goOn();
      }
      await (await PostgresOwner.take({ ...owned, begin: () => Promise.resolve() })).close();
    });

    it('closes though it is silent when nothing is asked, and when a connection begins', async () => {
      const database = await cluster.createDatabase();
      const owned = { address: address(cluster.url({ database })), schema: 'ours', logger: SILENT };
      const idle = await PostgresOwner.take({ ...owned, begin: () => Promise.resolve() });
      const goOn = await cluster.silenceOwner(database);
      try {
        await idle.close();
      } finally {
        goOn();
      }
      let begun = 0;
      const owner = await PostgresOwner.take({
        ...owned,
        begin: async (client) => {
          begun += 1;
          if (begun > 1) await client.query('SELECT pg_sleep(60)');
        },
      });
      await cluster.sql(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1',
        'postgres',
        [database],
      );
      await until('it begins again', () => begun > 1);
      await owner.close();
    });

    it('stops owning when another has changed what it owned', async () => {
      const where = address(cluster.url({ database: await cluster.createDatabase() }));
      let changed = false;
      const begin = () => {
        if (changed) throw new OwnershipLostError('another changed the store: restart this service');
        return Promise.resolve();
      };
      const owner = await PostgresOwner.take({ address: where, schema: 'ours', begin, logger: SILENT });
      changed = true;
      await cluster.sql(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1',
        'postgres',
        [where.config.database],
      );
      await until('it has given up', () => owner.away?.startsWith('another changed') === true);
      await assert.rejects(owner.back(), /another changed the store/);
      await owner.close();
    });

    it('stops owning once its work finds that another has changed what it owned, and logs that once', async () => {
      const where = address(cluster.url({ database: await cluster.createDatabase() }));
      const lines: string[] = [];
      const logger = pino({ level: 'debug' }, { write: (line: string) => lines.push(line) });
      const owned = { address: where, schema: 'ours', begin: () => Promise.resolve() };
      const owner = await PostgresOwner.take({ ...owned, logger });
      let told = 0;
      owner.onChange(() => (told += 1));
      const find = () =>
        Promise.reject(new OwnershipLostError('another changed the store: restart this service'));
      await assert.rejects(owner.run(find), OwnershipLostError);
      assert.match(owner.away ?? '', /another changed the store/);
      await assert.rejects(owner.run(find), UnavailableError);
      await assert.rejects(owner.back(), UnavailableError);
      const levels = lines.map((line) => (JSON.parse(line) as { level: number }).level);
      assert.deepEqual([told, levels], [1, [50]]);
      // Its lock is free.
      await (await PostgresOwner.take({ ...owned, logger: SILENT })).close();
      await owner.close();
    });

    it('keeps its lock whatever time limits an administrator has set', async () => {
      const database = await cluster.createDatabase();
      for (const setting of [
        'idle_session_timeout = 100',
        'idle_in_transaction_session_timeout = 100',
        'statement_timeout = 100',
        'lock_timeout = 1',
      ]) {
        await cluster.sql(`ALTER DATABASE ${database} SET ${setting}`);
      }
      const where = address(cluster.url({ database }));
      const owner = await PostgresOwner.take({
        address: where,
        schema: 'ours',
        begin: () => Promise.resolve(),
        logger: SILENT,
      });
      let told = 0;
      owner.onChange(() => (told += 1));
      await sleep(500);
      await owner.run(async (client) => {
        await client.query('BEGIN');
        await client.query('SELECT pg_sleep(0.3)');
        await sleep(300);
        await client.query('COMMIT');
      });
      const pool = openPool(where, 1, SILENT);
      await withConnection(pool, async (client) => {
        await client.query('BEGIN');
        await sleep(300);
        await client.query('SELECT pg_sleep(0.3)');
      });
      await pool.end();
      assert.deepEqual([told, owner.away], [0, undefined]);
      await owner.close();
    });
  });
});
