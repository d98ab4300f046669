import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { MisconfiguredError, UnavailableError } from '@irispair/common/errors/errors';
import { serialId, version } from '@irispair/common/ids/vector-id';
import { Side } from '@irispair/common/iris/side';
import { createLogger } from '@irispair/common/log/logger';
import { readPostgresUrl } from '@irispair/common/postgres/connection';
import { TestCluster } from '@irispair/common/postgres/support/cluster';
import { TestBouncer } from '@irispair/common/postgres/support/pgbouncer';
import { until } from '@irispair/common/support/until';
import { NodeState } from '../graph/graph-node.js';
import { graphStoreContract } from '../support/graph-store-contract.js';
import type { GraphStoreHolder, StoredNode, StoredRow } from './graph-store.js';
import { PostgresGraphStore } from './postgres-graph-store.js';

const ROW_LIMIT = 20;
const logger = createLogger('graph', 'fatal');

let cluster: TestCluster;
before(async () => {
  cluster = await TestCluster.start();
});
after(() => cluster.remove());

function open(
  database: string,
  rowLimit = ROW_LIMIT,
  holder?: GraphStoreHolder,
): Promise<PostgresGraphStore> {
  const address = readPostgresUrl(cluster.url({ database }), undefined);
  return PostgresGraphStore.open(address, rowLimit, logger, holder);
}

graphStoreContract('PostgreSQL', async () => {
  const database = await cluster.createDatabase();
  return {
    open: (rowLimit, holder) => open(database, rowLimit, holder),
    remove: async () => {
      await cluster.sql(`DROP DATABASE ${database} WITH (FORCE)`);
    },
  };
});

function nodeOf(serial: number): StoredNode {
  return {
    serialId: serialId(serial),
    state: NodeState.Live,
    version: version(serial % 7),
    layer: serial % 3,
  };
}

function rowOf(serial: number): StoredRow {
  return { side: Side.Left, layer: 0, serialId: serialId(serial), neighbours: Uint32Array.of(serial, 1) };
}

async function storedSerials(store: PostgresGraphStore): Promise<[nodes: number[], rows: number[]]> {
  const nodes: number[] = [];
  for await (const node of store.nodes()) {
    assert.deepEqual(node, nodeOf(node.serialId));
    nodes.push(node.serialId);
  }
  const rows: number[] = [];
  for await (const row of store.rows()) {
    assert.deepEqual(row, rowOf(row.serialId));
    rows.push(row.serialId);
  }
  return [nodes, rows];
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

describe('a graph store in PostgreSQL', () => {
  let database: string;
  beforeEach(async () => {
    database = await cluster.createDatabase();
  });
  afterEach(() => cluster.sql(`DROP DATABASE ${database} WITH (FORCE)`));

  it('reads everything back, however many pages that is', async () => {
    const store = await open(database);
    const serials = upTo(110_000);
    await store.save(serials.map(nodeOf), serials.map(rowOf));
    assert.deepEqual(await storedSerials(store), [serials, serials]);
    await store.close();
  });

  it('is refused by what it holds, and left as it is', async () => {
    await (await open(database)).close();
    for (const [change, named] of [
      ['format_version = 99', /format version 99/],
      ["format_version = 1, mode = 'shared'", /mode shared/],
    ] as const) {
      await cluster.sql(`UPDATE irispair_graph.identity SET ${change}`, database);
      await assert.rejects(open(database), (error) => {
        assert.ok(error instanceof MisconfiguredError);
        assert.match(error.message, named);
        assert.ok(error.message.includes(database));
        return true;
      });
    }
    await cluster.sql("UPDATE irispair_graph.identity SET mode = 'plain'", database);
    await (await open(database)).close();
  });

  it('has one owner of many that start at once, in an empty database', async () => {
    const starts = await Promise.allSettled(Array.from({ length: 6 }, () => open(database)));
    const opened = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
    assert.equal(opened.length, 1);
    for (const start of starts) {
      if (start.status === 'fulfilled') continue;
      assert.ok(start.reason instanceof MisconfiguredError, String(start.reason));
      assert.match(start.reason.message, /in use by another service/);
    }
    await opened[0].save([nodeOf(1)], []);
    await opened[0].close();
  });

  it('says which right is missing', async () => {
    await cluster.sql('CREATE ROLE guest LOGIN');
    const address = readPostgresUrl(cluster.url({ database, user: 'guest' }), undefined);
    await assert.rejects(PostgresGraphStore.open(address, ROW_LIMIT, logger), (error) => {
      assert.ok(error instanceof MisconfiguredError, String(error));
      assert.match(error.message, /permission denied for database .*: grant the right/);
      return true;
    });
    await cluster.sql('DROP ROLE guest');
  });

  it('refuses saves while the server is away, takes them again afterwards, and has lost nothing', async () => {
    const store = await open(database);
    let saved = 0;
    for (let round = 0; round < 5; round++) {
      const next = upTo(saved + 3).slice(saved);
      await store.save(next.map(nodeOf), next.map(rowOf));
      saved += 3;
      const cut = assert.rejects(
        (async () => {
          for (;;) await store.save([nodeOf(saved)], [rowOf(saved)]);
        })(),
        UnavailableError,
      );
      await cluster.killServer();
      await cut;
      await assert.rejects(store.save([nodeOf(1_000)], []), UnavailableError);
      await cluster.startServer();
      await until('saves are taken again', async () => {
        try {
          await store.save([nodeOf(1)], []);
          return true;
        } catch (error) {
          assert.ok(error instanceof UnavailableError);
          return false;
        }
      });
      assert.deepEqual(await storedSerials(store), [upTo(saved), upTo(saved)]);
    }
    await store.close();
  });

  it('is no longer written by who lost it to another, or found it set back', async () => {
    for (const change of [
      'UPDATE irispair_graph.identity SET owner = gen_random_uuid()',
      'UPDATE irispair_graph.identity SET saves = saves - 1',
      'DELETE FROM irispair_graph.identity',
    ]) {
      const store = await open(database);
      await store.save([nodeOf(1)], []);
      await cluster.sql(change, database);
      await cluster.sql(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
        database,
      );
      await until('it has learnt that', async () => {
        await assert.rejects(store.save([nodeOf(2)], []), UnavailableError);
        return store.save([nodeOf(2)], []).then(
          () => false,
          (error: unknown) => String(error).includes('restart this service'),
        );
      });
      await store.close();
      const again = await open(database);
      assert.deepEqual(await storedSerials(again), [[1], []]);
      await again.close();
    }
  });

  it('is no longer written by who finds while saving that another has opened it', async () => {
    const store = await open(database);
    await store.save([nodeOf(1)], []);
    await cluster.sql('UPDATE irispair_graph.identity SET owner = gen_random_uuid()', database);
    await assert.rejects(store.save([nodeOf(2)], []), /was opened by another service: restart this service/);
    await assert.rejects(store.save([nodeOf(2)], []), /restart this service/);
    await store.close();
    const again = await open(database);
    assert.deepEqual(await storedSerials(again), [[1], []]);
    await again.close();
  });

  it('works behind a pooler in session mode, and is refused behind one in transaction mode', async () => {
    for (const mode of ['session', 'transaction'] as const) {
      const bouncer = await TestBouncer.start(cluster, { mode });
      const address = readPostgresUrl(bouncer.url(database), undefined);
      try {
        const opening = PostgresGraphStore.open(address, ROW_LIMIT, logger);
        if (mode === 'session') await (await opening).close();
        else await assert.rejects(opening, /connect without the pooler, or in session mode/);
      } finally {
        await bouncer.remove();
      }
    }
  });
});
