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

/** People of one population and what was acknowledged. */
export class EnrollingUnderKills {
  /** Serial id by index of person, acknowledged ones only. */
  private readonly acknowledged = new Map<number, number>();
  private readonly population: Population;
  private next = 0;
  /** Kills come within this. */
  private milliseconds: number | undefined;

  constructor(
    seed: string,
    private readonly test: PairUnderTest,
  ) {
    this.population = new Population(seed);
  }

  /** Enrols people and kills in the midst of it; returns what broke the stream, if anything did. */
  async round(kill: () => Promise<void>): Promise<unknown[]> {
    this.milliseconds ??= await this.measure();
    const broken: unknown[] = [];
    const enrolling = this.enrolSome().catch((error: unknown) => {
      // The stream of a killed graph service breaks: what it acknowledged before counts.
      broken.push(error);
    });
    await sleep(randomInt(this.milliseconds));
    await kill();
    await enrolling;
    return broken;
  }

  /** Everybody acknowledged is found once, and the graph holds whom the store holds. */
  async check(): Promise<void> {
    const { acknowledged, population, test } = this;
    assert.ok(acknowledged.size > PEOPLE_A_ROUND, 'none was acknowledged of those whom a kill disturbed');
    await assertFoundAgain(test, population, acknowledged);
  }

  /** How long enrolling takes that nothing disturbs, on this machine as it is now; everybody is acknowledged. */
  private async measure(): Promise<number> {
    const begin = Date.now();
    await this.enrolSome();
    assert.equal(this.acknowledged.size, PEOPLE_A_ROUND);
    return Date.now() - begin;
  }

  private async enrolSome(): Promise<void> {
    const first = this.next;
    this.next += PEOPLE_A_ROUND;
    const requests = Array.from({ length: PEOPLE_A_ROUND }, (_, offset): api.ProcessRequest => {
      const iris = this.population.enrolment(this.population.person(first + offset));
      return {
        requestId: String(first + offset),
        request: { $case: 'enroll', value: { iris: irisMessage(iris), orList: [] } },
      };
    });
    await this.test.client.process(requests, ({ requestId, response }) => {
      if (response?.$case === 'enroll' && response.value.decision === api.Decision.UNIQUE) {
        this.acknowledged.set(Number(requestId), response.value.serialId);
      }
    });
  }
}
