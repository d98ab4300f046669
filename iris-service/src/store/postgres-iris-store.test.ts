import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readPostgresUrl } from '@irispair/common/postgres/connection';
import { TestCluster } from '@irispair/common/postgres/support/cluster';
import { createLogger } from '@irispair/common/log/logger';
import { passesOnSmallDisk } from '@irispair/common/support/small-disk';
import { describeBatchJournal, type JournalPlace } from '../support/batch-journal-contract.js';
import { describeIrisStore } from '../support/iris-store-contract.js';
import type { WantedIdentity } from './iris-store.js';
import { PostgresIrisStore } from './postgres-iris-store.js';

let cluster: TestCluster;
before(async () => {
  cluster = await TestCluster.start();
});
after(() => cluster.remove());

function open(database: string, identity: WantedIdentity): Promise<PostgresIrisStore> {
  return PostgresIrisStore.open({
    address: readPostgresUrl(cluster.url({ database }), undefined),
    identity,
    skipBadRows: false,
    loadConnections: 4,
    logger: createLogger('iris', 'silent'),
  });
}

async function makePlace(): Promise<JournalPlace> {
  const database = await cluster.createDatabase();
  return {
    open: (identity) => open(database, identity),
    remove: () => Promise.resolve(),
    async age() {
      await cluster.sql(
        'DROP TABLE irispair.journal, irispair.prepared; ALTER TABLE irispair.store DROP COLUMN store_id, DROP COLUMN columns; ' +
          'DELETE FROM irispair.migrations WHERE version >= 2',
        database,
      );
    },
  };
}

describeIrisStore('the PostgreSQL store of irises', makePlace);
describeBatchJournal('the PostgreSQL store of irises', makePlace);

it('gives a PostgreSQL store of irises an identity when it has none, once, and a copy has it too', async () => {
  const database = await cluster.createDatabase();
  const identity = { mode: 'plain', party: null, formatVersion: 1, columns: 200 } as const;
  const idIn = async (place: string) => {
    const store = await open(place, identity);
    const { storeId } = store;
    await store.close();
    return storeId;
  };
  const drawn = await idIn(database);
  await cluster.sql('UPDATE irispair.store SET store_id = NULL', database);
  const gained = await idIn(database);
  assert.notEqual(gained, drawn);
  assert.equal(await idIn(database), gained);
  const copy = `${database}_copy`;
  await cluster.sql(`CREATE DATABASE ${copy} TEMPLATE ${database}`);
  assert.equal(await idIn(copy), gained);
});

it('on a full disk of the server it refuses, keeps what it acknowledged, and goes on when there is space', async (test) => {
  const script = fileURLToPath(import.meta.resolve('../support/fill-postgres.js'));
  await passesOnSmallDisk(test, script, 96);
});
