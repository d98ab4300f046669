import { after, before } from 'node:test';
import { readPostgresUrl } from '@irispair/common/postgres/connection';
import { TestCluster } from '@irispair/common/postgres/support/cluster';
import { createLogger } from '@irispair/common/log/logger';
import { describeIrisStore } from '../support/iris-store-contract.js';
import { PostgresIrisStore } from './postgres-iris-store.js';

let cluster: TestCluster;
before(async () => {
  cluster = await TestCluster.start();
});
after(() => cluster.remove());

describeIrisStore('the PostgreSQL store of irises', async () => {
  const address = readPostgresUrl(cluster.url({ database: await cluster.createDatabase() }), undefined);
  return {
    open: (identity) =>
      PostgresIrisStore.open({
        address,
        identity,
        skipBadRows: false,
        logger: createLogger('iris', 'silent'),
      }),
    remove: () => Promise.resolve(),
  };
});
