import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { TestCluster } from '@irispair/common/postgres/support/cluster';
import { until } from '@irispair/common/support/until';
import { countRows } from './support/count-rows.js';
import { Enrolling } from './support/enrolling.js';
import { PairUnderTest } from './support/pair-under-test.js';

let cluster: TestCluster;
before(async () => {
  cluster = await TestCluster.start();
});
after(() => cluster.remove());

describe('a pair with its graph in PostgreSQL', () => {
  it('enrols on while the database is away, saves when it is back, and catches up with what was not saved', async () => {
    const database = await cluster.createDatabase();
    const test = await PairUnderTest.start({ IRISPAIR_GRAPH_STORE: cluster.url({ database }) });
    try {
      const people = new Enrolling('postgres graph', test);
      assert.deepEqual(await people.enrolSome(), []);
      await cluster.killServer();
      try {
        for (let round = 0; round < 3; round++) assert.deepEqual(await people.enrolSome(), []);
        await people.checkAllAreFound();
      } finally {
        await cluster.startServer();
      }
      // Nobody asks for anything: it saves by itself.
      await until(
        'all is saved',
        async () => (await countRows(cluster, 'irispair_graph.nodes', database)) === 64,
      );
      await cluster.killServer();
      try {
        assert.deepEqual(await people.enrolSome(), []);
        await test.pair.kill('graph', 'SIGKILL');
      } finally {
        await cluster.startServer();
      }
      assert.equal(await countRows(cluster, 'irispair_graph.nodes', database), 64);
      test.pair.startService('graph');
      await test.untilReady();
      await people.checkAllAreFound();
      await until(
        'all is saved',
        async () => (await countRows(cluster, 'irispair_graph.nodes', database)) === 80,
      );
      await test.restart();
      await people.checkAllAreFound();
    } finally {
      await test.stop();
    }
  });

  it('enrols on while the database is silent, saves when it answers again, and loses nothing by a restart', async () => {
    const database = await cluster.createDatabase();
    const test = await PairUnderTest.start({ IRISPAIR_GRAPH_STORE: cluster.url({ database }) });
    try {
      const people = new Enrolling('silent graph database', test);
      assert.deepEqual(await people.enrolSome(), []);
      const goOn = await cluster.silenceOwner(database);
      try {
        for (let round = 0; round < 3; round++) assert.deepEqual(await people.enrolSome(), []);
        await people.checkAllAreFound();
        // Nothing waited for the connection to be given up.
        assert.ok((await countRows(cluster, 'irispair_graph.nodes', database)) < 64);
      } finally {
        goOn();
      }
      await until(
        'all is saved',
        async () => (await countRows(cluster, 'irispair_graph.nodes', database)) === 64,
      );
      const goOnAgain = await cluster.silenceOwner(database);
      await test.restart(() => {
        goOnAgain();
        return Promise.resolve();
      });
      await people.checkAllAreFound();
    } finally {
      await test.stop();
    }
  });
});
