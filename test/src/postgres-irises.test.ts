/** A pair whose irises are in PostgreSQL: the database goes away, is killed, and the service is. */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { TestCluster } from '@irispair/common/postgres/support/cluster';
import { until } from '@irispair/common/support/until';
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
