/** Enrols people while something is killed, and checks afterwards that none is lost and none doubled. */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { irisMessage } from '@irispair/common/iris/message';
import * as api from '@irispair/proto/public';
import { Population } from 'irispair/generate/population';
import { assertFoundAgain } from './found-again.js';
import type { PairUnderTest } from './pair-under-test.js';

const PEOPLE_A_ROUND = 40;
const LATEST_KILL_MILLISECONDS = 250;

/** People of one population and what was acknowledged. */
export class EnrollingUnderKills {
  /** Serial id by index of person, acknowledged ones only. */
  private readonly acknowledged = new Map<number, number>();
  private readonly population: Population;
  private rounds = 0;

  constructor(
    seed: string,
    private readonly test: PairUnderTest,
  ) {
    this.population = new Population(seed);
  }

  /** Enrols people and kills in the midst of it; returns what broke the stream, if anything did. */
  async round(kill: () => Promise<void>): Promise<unknown[]> {
    const first = this.rounds * PEOPLE_A_ROUND;
    this.rounds += 1;
    const requests = Array.from({ length: PEOPLE_A_ROUND }, (_, offset): api.ProcessRequest => {
      const iris = this.population.enrolment(this.population.person(first + offset));
      return {
        requestId: String(first + offset),
        request: { $case: 'enroll', value: { iris: irisMessage(iris), orList: [] } },
      };
    });
    const broken: unknown[] = [];
    const enrolling = this.test.client
      .process(requests, ({ requestId, response }) => {
        if (response?.$case === 'enroll' && response.value.decision === api.Decision.UNIQUE) {
          this.acknowledged.set(Number(requestId), response.value.serialId);
        }
      })
      .catch((error: unknown) => {
        // The stream of a killed graph service breaks: what it acknowledged before counts.
        broken.push(error);
      });
    await sleep(randomInt(LATEST_KILL_MILLISECONDS));
    await kill();
    await enrolling;
    return broken;
  }

  /** Everybody acknowledged is found once, and the graph holds whom the store holds. */
  async check(): Promise<void> {
    const { acknowledged, population, test } = this;
    assert.ok(acknowledged.size > this.rounds, `only ${acknowledged.size} enrolments were acknowledged`);
    await assertFoundAgain(test, population, acknowledged);
  }
}
