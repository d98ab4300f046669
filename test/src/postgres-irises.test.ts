/** A pair whose irises are in PostgreSQL: the database goes away, is killed, and the service is. */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { irisMessage } from '@irispair/common/iris/message';
import { TestCluster } from '@irispair/common/postgres/support/cluster';
import { until } from '@irispair/common/support/until';
import * as api from '@irispair/proto/public';
import { Population } from 'irispair/generate/population';
import { assertFoundAgain } from './support/found-again.js';
import { PairUnderTest } from './support/pair-under-test.js';

const ROUNDS = 20;
const PEOPLE_A_ROUND = 24;
const LATEST_KILL_MILLISECONDS = 200;

describe('irises in PostgreSQL', () => {
  const population = new Population('database tests');
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

  function enrolment(person: number): api.EnrollRequest {
    return { iris: irisMessage(population.enrolment(population.person(person))), orList: [] };
  }

  function search(person: number): Promise<api.SearchResponse> {
    const again = population.again(population.person(person), 1);
    return test.client.search({ iris: irisMessage(again), orList: [] });
  }

  /** Enrols people all at once; notes who was acknowledged under which serial id. */
  async function enrolRound(round: number, acknowledged: Map<number, number>): Promise<void> {
    const requests = Array.from({ length: PEOPLE_A_ROUND }, (_, offset): api.ProcessRequest => {
      const person = round * PEOPLE_A_ROUND + offset;
      return { requestId: String(person), request: { $case: 'enroll', value: enrolment(person) } };
    });
    await test.client.process(requests, ({ requestId, response }) => {
      if (response?.$case === 'enroll' && response.value.decision === api.Decision.UNIQUE) {
        acknowledged.set(Number(requestId), response.value.serialId);
      }
    });
  }

  async function enrolOne(person: number): Promise<api.ProcessResponse['response']> {
    const answers: api.ProcessResponse['response'][] = [];
    await test.client.process(
      [{ requestId: 'one', request: { $case: 'enroll', value: enrolment(person) } }],
      ({ response }) => answers.push(response),
    );
    return answers[0];
  }

  async function untilEnrolling(): Promise<void> {
    await until('enrolments are taken', async () => {
      const { ready, storeAway } = await test.client.status();
      return ready && storeAway === '';
    });
  }

  async function checkAll(acknowledged: ReadonlyMap<number, number>): Promise<void> {
    assert.ok(acknowledged.size > ROUNDS, `only ${acknowledged.size} enrolments were acknowledged`);
    await assertFoundAgain(test, population, acknowledged);
  }

  it('are searched while the database is away; enrolments are refused until it is back', async () => {
    const acknowledged = new Map<number, number>();
    await enrolRound(0, acknowledged);
    assert.equal(acknowledged.size, PEOPLE_A_ROUND);
    await cluster.stopServer();
    await until('the status says so', async () => (await test.client.status()).storeAway !== '');
    for (let attempt = 0; attempt < 5; attempt++) {
      const refused = await enrolOne(900);
      assert.ok(refused?.$case === 'error', JSON.stringify(refused));
      assert.equal(refused.value.code, status.UNAVAILABLE);
      assert.match(refused.value.message, /the store takes no changes at present: postgres:.* is away/);
      assert.equal((await search(3)).decision, api.Decision.DUPLICATE);
      assert.equal((await test.client.status()).ready, true);
    }
    await cluster.startServer();
    await untilEnrolling();
    const enrolled = await enrolOne(900);
    assert.ok(enrolled?.$case === 'enroll', JSON.stringify(enrolled));
    assert.deepEqual(
      [enrolled.value.decision, enrolled.value.serialId],
      [api.Decision.UNIQUE, PEOPLE_A_ROUND + 1],
    );
    await test.restart();
    assert.equal((await search(900)).decision, api.Decision.DUPLICATE);
  });

  it('lose no acknowledged enrolment and double none when the server is killed, 20 times', async () => {
    const acknowledged = new Map<number, number>();
    for (let round = 0; round < ROUNDS; round++) {
      const enrolling = enrolRound(round, acknowledged);
      await sleep(randomInt(LATEST_KILL_MILLISECONDS));
      await cluster.killServer();
      await cluster.startServer();
      await enrolling;
      await untilEnrolling();
    }
    await checkAll(acknowledged);
    await test.restart();
    await checkAll(acknowledged);
  });

  it('lose no acknowledged enrolment and double none when the iris service is killed, 20 times', async () => {
    const acknowledged = new Map<number, number>();
    for (let round = 0; round < ROUNDS; round++) {
      const enrolling = enrolRound(round, acknowledged);
      await sleep(randomInt(LATEST_KILL_MILLISECONDS));
      await test.pair.kill('iris', 'SIGKILL');
      await enrolling;
      test.pair.startService('iris');
      await test.untilReady();
    }
    await checkAll(acknowledged);
  });
});
