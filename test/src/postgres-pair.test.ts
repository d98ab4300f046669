import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { TestCluster } from '@irispair/common/postgres/support/cluster';
import { until } from '@irispair/common/support/until';
import { countRows } from './support/count-rows.js';
import { EnrollingUnderKills } from './support/enrolling-under-kills.js';
import { Enrolling } from './support/enrolling.js';
import { PairUnderTest } from './support/pair-under-test.js';

const ROUNDS = 20;
const VICTIMS = ['database', 'graph', 'iris'] as const;

let cluster: TestCluster;
before(async () => {
  cluster = await TestCluster.start();
});
after(() => cluster.remove());

describe('a pair with both stores in PostgreSQL', () => {
  let database: string;
  let test: PairUnderTest;
  beforeEach(async () => {
    database = await cluster.createDatabase();
    const url = cluster.url({ database });
    test = await PairUnderTest.start({ IRISPAIR_IRIS_STORE: url, IRISPAIR_GRAPH_STORE: url });
  });
  afterEach(() => test.stop());

  it('gives the same answers after a restart', async () => {
    const people = new Enrolling('postgres', test);
    for (let round = 0; round < 4; round++) assert.deepEqual(await people.enrolSome(), []);
    await people.checkAllAreFound();
    await test.client.delete(9);
    const answers = () => people.answersTo(70);
    const expected = await answers();
    await test.restart();
    assert.deepEqual(await answers(), expected);
    assert.equal(await countRows(cluster, 'irises', database), 64);
    assert.equal(await countRows(cluster, 'irispair_graph.nodes', database), 64);
    assert.deepEqual(await people.enrolSome(), []);
  });

  it('searches on while the database is away, and enrols again when it is back', async () => {
    const people = new Enrolling('postgres away', test);
    assert.deepEqual(await people.enrolSome(), []);
    await cluster.killServer();
    try {
      await people.checkAllAreFound();
    } finally {
      await cluster.startServer();
    }
    await until('it enrols again', async () => (await people.enrolSome()).length === 0);
    for (const [person, serialId] of people.acknowledged) assert.ok(serialId > 0, `person ${person}`);
    await test.restart();
    await people.checkAllAreFound();
  });

  it('loses no acknowledged enrolment and doubles none when the database or a service is killed, 20 times', async () => {
    const people = new EnrollingUnderKills('postgres kill tests', test);
    for (let round = 0; round < ROUNDS; round++) {
      const victim = VICTIMS[round % VICTIMS.length];
      if (victim === 'database') {
        await people.round(async () => {
          await cluster.killServer();
          await cluster.startServer();
        });
        await test.untilReady();
      } else {
        const broken = await people.round(() => test.pair.kill(victim, 'SIGKILL'));
        if (victim === 'iris') assert.deepEqual(broken, []);
        await test.startAgain(victim);
      }
    }
    await people.check();
    const { enrolled } = await test.client.status();
    await test.pair.stop();
    assert.equal(await countRows(cluster, 'irises', database), enrolled);
    assert.equal(await countRows(cluster, 'irispair_graph.nodes', database), enrolled);
  });
});
