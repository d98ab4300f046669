import { after, before, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readPostgresUrl } from '@irispair/common/postgres/connection';
import { TestCluster } from '@irispair/common/postgres/support/cluster';
import { createLogger } from '@irispair/common/log/logger';
import { passesOnSmallDisk } from '@irispair/common/support/small-disk';
import { describeBatchJournal, type JournalPlace } from '../support/batch-journal-contract.js';
import { describeIrisStore } from '../support/iris-store-contract.js';
import { PostgresIrisStore } from './postgres-iris-store.js';

let cluster: TestCluster;
before(async () => {
  cluster = await TestCluster.start();
});
after(() => cluster.remove());

async function makePlace(): Promise<JournalPlace> {
  const database = await cluster.createDatabase();
  const address = readPostgresUrl(cluster.url({ database }), undefined);
  return {
    open: (identity) =>
      PostgresIrisStore.open({
        address,
        identity,
        skipBadRows: false,
        loadConnections: 4,
        logger: createLogger('iris', 'silent'),
      }),
    remove: () => Promise.resolve(),
    async age() {
      await cluster.sql(
        'DROP TABLE irispair.journal, irispair.prepared; DELETE FROM irispair.migrations WHERE version = 2',
        database,
      );
    },
  };
}

describeIrisStore('the PostgreSQL store of irises', makePlace);
describeBatchJournal('the PostgreSQL store of irises', makePlace);

it('on a full disk of the server it refuses, keeps what it acknowledged, and goes on when there is space', async (test) => {
  const script = fileURLToPath(import.meta.resolve('../support/fill-postgres.js'));
  await passesOnSmallDisk(test, script, 96);
});
