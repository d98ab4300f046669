import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import fc from 'fast-check';
import { irisMessage } from '@irispair/common/iris/message';
import type { Iris } from '@irispair/common/iris/template';
import * as api from '@irispair/proto/public';
import { Auditor, type ExactMatches } from 'irispair/demo/auditor';
import { Population } from 'irispair/generate/population';
import { PairUnderTest } from './support/pair-under-test.js';

const THRESHOLD = 0.375;
const ROTATION_REACH = 5;
const PEOPLE = 30;

const population = new Population('graph property');
const people = Array.from({ length: PEOPLE }, (_, index) => population.person(index));

interface Action {
  readonly kind: 'enroll' | 'reauthenticate' | 'delete';
  readonly person: number;
}

const actions = fc.array(
  fc.record<Action>(
    { kind: fc.constantFrom('enroll', 'reauthenticate', 'delete'), person: fc.nat({ max: PEOPLE - 1 }) },
    { noNullPrototype: true },
  ),
  { minLength: 10, maxLength: 40 },
);

let test: PairUnderTest;
before(async () => {
  // As large as all that is stored: the walk must then find exactly what a scan finds.
  test = await PairUnderTest.start({ IRISPAIR_EF: '512', IRISPAIR_BATCH_SIZE: '8' });
});
after(() => test.stop());

async function one(request: api.ProcessRequest['request']): Promise<api.ProcessResponse['response']> {
  let answer: api.ProcessResponse['response'];
  await test.client.process([{ requestId: 'one', request }], ({ response }) => {
    answer = response;
  });
  assert.notEqual(answer?.$case, 'error', JSON.stringify(answer));
  return answer;
}

async function exactMatches(irises: readonly Iris[]): Promise<ExactMatches[]> {
  const auditor = await Auditor.join(test.pair.socket);
  try {
    return await auditor.matches(irises, THRESHOLD, ROTATION_REACH, () => undefined);
  } finally {
    auditor.close();
  }
}

/** Searches for everybody and compares each answer with the scan's, and with who should be enrolled. */
async function checkEverybody(serialIds: ReadonlyMap<number, number>, again: number): Promise<void> {
  const captures = people.map((person) => population.again(person, again));
  const exact = await exactMatches(captures);
  const answers = await Promise.all(
    captures.map((iris) => test.client.search({ iris: irisMessage(iris), orList: [] })),
  );
  answers.forEach(({ decision, matches }, person) => {
    const found = matches.filter(({ mirrored }) => !mirrored).map(({ serialId }) => serialId);
    assert.deepEqual(new Set(found), exact[person].normal);
    const serialId = serialIds.get(person);
    assert.equal(decision, serialId === undefined ? api.Decision.UNIQUE : api.Decision.DUPLICATE);
    if (serialId !== undefined) assert.ok(exact[person].normal.has(serialId));
  });
}

it('walks find what a scan finds, through enrolments, replacements, deletions and restarts', async () => {
  /** Serial ids by person, across all runs: the pair goes on. */
  const serialIds = new Map<number, number>();
  let captures = 1;
  await fc.assert(
    fc.asyncProperty(actions, async (sequence) => {
      for (const { kind, person } of sequence) {
        const serialId = serialIds.get(person);
        if (kind === 'enroll') {
          const iris = irisMessage(population.enrolment(people[person]));
          const answer = await one({ $case: 'enroll', value: { iris, orList: [] } });
          assert.equal(answer?.$case, 'enroll');
          assert.equal(answer.value.decision === api.Decision.UNIQUE, serialId === undefined);
          if (serialId === undefined) serialIds.set(person, answer.value.serialId);
        } else if (serialId !== undefined && kind === 'delete') {
          await one({ $case: 'delete', value: { serialId } });
          serialIds.delete(person);
        } else if (serialId !== undefined) {
          const iris = irisMessage(population.enrolment(people[person]));
          await one({ $case: 'reauthenticate', value: { serialId, iris } });
        }
      }
      captures += 1;
      await checkEverybody(serialIds, captures);
    }),
    { numRuns: 8, endOnFailure: true },
  );
  await test.restart();
  await checkEverybody(serialIds, captures);
});
