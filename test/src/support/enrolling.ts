/** Enrols people one after the other into a pair, and finds them again. */
import assert from 'node:assert/strict';
import { irisMessage } from '@irispair/common/iris/message';
import * as api from '@irispair/proto/public';
import { mirrored } from 'irispair/generate/mirror';
import { Population } from 'irispair/generate/population';
import { assertFoundAgain } from './found-again.js';
import type { PairUnderTest } from './pair-under-test.js';

const TOGETHER = 16;

/** People of one population and what became of them. */
export class Enrolling {
  /** Serial id by index of person, acknowledged ones only. */
  readonly acknowledged = new Map<number, number>();
  private readonly population: Population;
  private next = 0;

  constructor(
    seed: string,
    private readonly test: Pick<PairUnderTest, 'client'>,
  ) {
    this.population = new Population(seed);
  }

  /** Enrols a few new people; returns the errors of those who were not. */
  async enrolSome(): Promise<api.ProcessError[]> {
    const errors: api.ProcessError[] = [];
    const requests = Array.from({ length: TOGETHER }, (_, index): api.ProcessRequest => {
      const person = this.next + index;
      const iris = this.population.enrolment(this.population.person(person));
      return {
        requestId: String(person),
        request: { $case: 'enroll', value: { iris: irisMessage(iris), orList: [] } },
      };
    });
    this.next += TOGETHER;
    await this.test.client.process(requests, ({ requestId, response }) => {
      if (response?.$case === 'error') {
        errors.push(response.value);
      } else {
        assert.equal(response?.$case, 'enroll');
        assert.equal(response.value.decision, api.Decision.UNIQUE);
        this.acknowledged.set(Number(requestId), response.value.serialId);
      }
    });
    return errors;
  }

  /** Everybody acknowledged is found in a new capture, and nobody else is enrolled. */
  async checkAllAreFound(): Promise<void> {
    await assertFoundAgain(this.test, this.population, this.acknowledged);
    assert.equal((await this.test.client.status()).enrolled, this.acknowledged.size);
  }

  /** What the pair answers to new captures of the first people, every third of them mirrored. */
  answersTo(people: number): Promise<api.SearchResponse[]> {
    return Promise.all(
      Array.from({ length: people }, (_, person) => {
        const again = this.population.again(this.population.person(person), 1);
        const capture = person % 3 === 0 ? mirrored(again) : again;
        return this.test.client.search({ iris: irisMessage(capture), orList: [] });
      }),
    );
  }
}
