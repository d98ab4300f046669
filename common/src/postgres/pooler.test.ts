/** Owning through a real pooler: refused where its sessions are shared, possible where they are not. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Client } from 'pg';
import { pino } from 'pino';
import { MisconfiguredError } from '../errors/errors.js';
import { until } from '../support/until.js';
import { readPostgresUrl } from './connection.js';
import { migrate } from './migrate.js';
import { PostgresOwner } from './ownership.js';
import { PooledSessionError } from './pooler.js';
import { TestCluster } from './support/cluster.js';
import { TestBouncer, type BouncerOptions } from './support/pgbouncer.js';

const SILENT = pino({ level: 'silent' });
const ATTEMPTS = 8;

describe('PgBouncer', () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await TestCluster.start();
  });
  after(() => cluster.remove());

  async function behind(
    options: BouncerOptions,
    work: (url: (parameters?: string) => string, database: string) => Promise<void>,
  ): Promise<void> {
    const database = await cluster.createDatabase();
    const bouncer = await TestBouncer.start(cluster, options);
    try {
      await work((parameters) => bouncer.url(database, parameters), database);
    } finally {
      await bouncer.remove();
    }
  }

  function take(url: string): Promise<PostgresOwner> {
    const address = readPostgresUrl(url, undefined);
    return PostgresOwner.take({ address, schema: 'ours', begin: () => Promise.resolve(), logger: SILENT });
  }

  async function isRefused(url: string): Promise<void> {
    await assert.rejects(take(url), (error) => {
      assert.ok(error instanceof PooledSessionError, String(error));
      assert.match(error.message, /in transaction mode.*connect without the pooler, or in session mode/);
      return true;
    });
  }

  it('in transaction mode is refused each time, however its sessions are handed out', async () => {
    for (const settings of [[], ['server_round_robin = 1'], ['default_pool_size = 1']]) {
      await behind({ mode: 'transaction', settings }, async (url, database) => {
        for (let attempt = 0; attempt < ATTEMPTS; attempt++) await isRefused(url());
        const locks = await cluster.sql(
          `SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
           WHERE locktype = 'advisory' AND datname = $1`,
          'postgres',
          [database],
        );
        assert.deepEqual(locks, [], 'a lock was left behind in a session of the pool');
      });
    }
  });

  it('in transaction mode is refused while others use it', async () => {
    await behind({ mode: 'transaction' }, async (url) => {
      let isOver = false;
      const others = Array.from({ length: 4 }, async () => {
        const client = new Client(readPostgresUrl(url(), undefined).config);
        await client.connect();
        while (!isOver) await client.query('SELECT pg_sleep(0.001)');
        await client.end();
      });
      try {
        for (let attempt = 0; attempt < ATTEMPTS; attempt++) await isRefused(url());
      } finally {
        isOver = true;
        await Promise.all(others);
      }
    });
  });

  it('in statement mode, and with a start-up parameter that it does not know, is a wrong configuration', async () => {
    const migrations = { schema: 'ours', directory: '/none' };
    await behind({ mode: 'statement' }, async (url) => {
      await assert.rejects(migrate(readPostgresUrl(url(), undefined), migrations), (error) => {
        assert.ok(error instanceof MisconfiguredError, String(error));
        assert.match(error.message, /transaction blocks not allowed.*: connect without the pooler/);
        return true;
      });
    });
    await behind({ mode: 'session' }, async (url) => {
      await assert.rejects(take(url('&options=-c%20search_path%3Dother')), (error) => {
        assert.ok(error instanceof MisconfiguredError, String(error));
        assert.match(error.message, /unsupported startup parameter: options.*: connect without the pooler/);
        return true;
      });
    });
  });

  it('in session mode lets one own, and gives the lock back', async () => {
    await behind({ mode: 'session' }, async (url) => {
      const owner = await take(url());
      await assert.rejects(take(url()), /is in use by another service/);
      const { rows } = await owner.run((client) => client.query<{ one: number }>('SELECT 1 AS one'));
      assert.deepEqual(rows, [{ one: 1 }]);
      await owner.close();
      await (await take(url())).close();
    });
  });

  it('put into transaction mode while a service runs: the service gives up, and says why', async () => {
    const database = await cluster.createDatabase();
    const address = readPostgresUrl(cluster.url({ database }), undefined);
    const bouncer = await TestBouncer.start(cluster, { mode: 'transaction' });
    const pooled = readPostgresUrl(bouncer.url(database), undefined);
    const config = { ...address.config };
    const owner = await PostgresOwner.take({
      address: { name: address.name, config },
      schema: 'ours',
      begin: () => Promise.resolve(),
      logger: SILENT,
    });
    try {
      Object.assign(config, pooled.config);
      await cluster.sql(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1',
        'postgres',
        [database],
      );
      await until('it has given up', () => owner.away?.includes('in transaction mode') === true);
      await assert.rejects(owner.back(), /connect without the pooler/);
    } finally {
      await owner.close();
      await bouncer.remove();
    }
  });
});
