/** A pair whose irises are in PostgreSQL: the database goes away, is killed, and the service is. */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { TestCluster } from '@irispair/common/postgres/support/cluster';
import { isServiceError } from '@irispair/common/grpc/status';
import { irisMessage } from '@irispair/common/iris/message';
import { until } from '@irispair/common/support/until';
import { Population } from 'irispair/generate/population';
import { EnrollingUnderKills } from './support/enrolling-under-kills.js';
import { Enrolling } from './support/enrolling.js';
import { PairUnderTest } from './support/pair-under-test.js';

const ROUNDS = 20;

describe('irises in PostgreSQL', () => {
  let cluster: TestCluster;
  let test: PairUnderTest;
  before(async () => {
    cluster = await TestCluster.start();
  });
  after(() => cluster.remove());
  beforeEach(async () => {
    // A test that failed may have left it stopped.
    await cluster.stopServer();
    await cluster.startServer();
    test = await PairUnderTest.start({
      IRISPAIR_IRIS_STORE: cluster.url({ database: await cluster.createDatabase() }),
    });
  });
  afterEach(() => test.stop());

  async function untilEnrolling(): Promise<void> {
    await until('enrolments are taken', async () => {
      const { ready, storeAway } = await test.client.status();
      return ready && storeAway === '';
    });
  }

  it('are searched while the database is away; enrolments are refused until it is back', async () => {
    const people = new Enrolling('database tests', test);
    assert.deepEqual(await people.enrolSome(), []);
    await cluster.stopServer();
    await until('the status says so', async () => (await test.client.status()).storeAway !== '');
    for (let attempt = 0; attempt < 5; attempt++) {
      const refused = await people.enrolSome();
      assert.ok(refused.length > 0);
      for (const { code, message } of refused) {
        assert.equal(code, status.UNAVAILABLE);
        assert.match(message, /the store takes no changes at present: postgres:.* is away/);
      }
      await people.checkAllAreFound();
      assert.equal((await test.client.status()).ready, true);
    }
    const before = people.acknowledged.size;
    await cluster.startServer();
    await untilEnrolling();
    assert.deepEqual(await people.enrolSome(), []);
    assert.deepEqual(
      [...people.acknowledged.values()].sort((a, b) => a - b),
      Array.from({ length: 2 * before }, (_, index) => index + 1),
    );
    await test.restart();
    await people.checkAllAreFound();
  });

  it('are enrolled beside one that a constraint refuses, which is told by its name', async () => {
    const [database] = await cluster.sql<{ name: string }>(
      'SELECT datname AS name FROM pg_database ORDER BY oid DESC LIMIT 1',
    );
    await cluster.sql('ALTER TABLE irises ADD CONSTRAINT one_eye_each UNIQUE (left_code)', database.name);
    const population = new Population('constraint tests');
    const people = Array.from({ length: 6 }, (_, index) => population.enrolment(population.person(index)));
    // The third has the left eye of the first: the same person to nobody but the constraint.
    people[2] = { left: people[0].left, right: people[2].right };
    const done = await Promise.allSettled(
      people.map((iris) => test.client.enroll({ iris: irisMessage(iris), orList: [] })),
    );
    const serials = done.flatMap((one) => (one.status === 'fulfilled' ? [one.value.serialId] : []));
    assert.deepEqual(
      serials.sort((a, b) => a - b),
      [1, 2, 3, 4, 5],
    );
    const [refused] = done.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    assert.ok(isServiceError(refused), String(refused));
    assert.equal(refused.code, status.FAILED_PRECONDITION);
    assert.match(refused.details, /constraint one_eye_each of table irises refuses it, nothing was stored/);
    const after = await test.client.status();
    assert.deepEqual([after.ready, after.storeAway, after.enrolled], [true, '', 5]);
    await test.restart();
    for (const [index, outcome] of done.entries()) {
      if (outcome.status === 'rejected') continue;
      const again = population.again(population.person(index), 1);
      const found = await test.client.search({ iris: irisMessage(again), orList: [] });
      // Of the two with one left eye either may be the one that was refused, and only both eyes make a person.
      const isTold = found.matches.some(({ serialId }) => serialId === outcome.value.serialId);
      assert.ok(index === 2 || isTold, `person ${index}`);
    }
  });

  it('lose no acknowledged enrolment and double none when the server is killed, 20 times', async () => {
    const people = new EnrollingUnderKills('server kill tests', test);
    for (let round = 0; round < ROUNDS; round++) {
      await people.round(async () => {
        await cluster.killServer();
        await cluster.startServer();
      });
      await untilEnrolling();
    }
    await people.check();
    await test.restart();
    await people.check();
  });

  it('lose no acknowledged enrolment and double none when the iris service is killed, 20 times', async () => {
    const people = new EnrollingUnderKills('iris kill tests', test);
    for (let round = 0; round < ROUNDS; round++) {
      const broken = await people.round(() => test.pair.kill('iris', 'SIGKILL'));
      assert.deepEqual(broken, []);
      await test.startAgain('iris');
    }
    await people.check();
  });
});
