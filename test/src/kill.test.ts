import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { irisMessage } from '@irispair/common/iris/message';
import * as api from '@irispair/proto/public';
import { Population } from 'irispair/generate/population';
import { PairUnderTest } from './support/pair-under-test.js';

const ROUNDS = 20;
const PEOPLE_A_ROUND = 40;
const LATEST_KILL_MILLISECONDS = 250;

it('loses no acknowledged enrolment and doubles none when either service is killed, 20 times', async () => {
  const population = new Population('kill tests');
  const test = await PairUnderTest.start();
  /** Serial id by index of person, acknowledged ones only. */
  const acknowledged = new Map<number, number>();
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const victim = round % 2 === 0 ? 'iris' : 'graph';
      const first = round * PEOPLE_A_ROUND;
      const requests = Array.from({ length: PEOPLE_A_ROUND }, (_, offset): api.ProcessRequest => {
        const iris = population.enrolment(population.person(first + offset));
        return {
          requestId: String(first + offset),
          request: { $case: 'enroll', value: { iris: irisMessage(iris), orList: [] } },
        };
      });
      const broken: unknown[] = [];
      const enrolling = test.client
        .process(requests, ({ requestId, response }) => {
          if (response?.$case === 'enroll' && response.value.decision === api.Decision.UNIQUE) {
            acknowledged.set(Number(requestId), response.value.serialId);
          }
        })
        .catch((error: unknown) => {
          // The stream of a killed graph service breaks: what it acknowledged before counts.
          broken.push(error);
        });
      await sleep(randomInt(LATEST_KILL_MILLISECONDS));
      await test.pair.kill(victim, 'SIGKILL');
      await enrolling;
      if (victim === 'iris') assert.deepEqual(broken, []);
      test.pair.startService(victim);
      await test.untilReady();
    }

    assert.ok(acknowledged.size > ROUNDS, `only ${acknowledged.size} enrolments were acknowledged`);
    assert.equal(new Set(acknowledged.values()).size, acknowledged.size);
    for (const [person, serialId] of acknowledged) {
      const again = population.again(population.person(person), 1);
      const { decision, matches } = await test.client.search({ iris: irisMessage(again), orList: [] });
      assert.equal(decision, api.Decision.DUPLICATE, `person ${person} is lost`);
      assert.deepEqual(
        matches.map((match) => match.serialId),
        [serialId],
      );
    }
    const { enrolled, highestSerialId, graph } = await test.client.status();
    assert.equal(graph?.nodes, enrolled);
    assert.equal(highestSerialId, enrolled);
  } finally {
    await test.stop();
  }
});
