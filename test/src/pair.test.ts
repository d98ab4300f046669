import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { irisMessage } from '@irispair/common/iris/message';
import type { Iris } from '@irispair/common/iris/template';
import * as api from '@irispair/proto/public';
import { mirrored } from 'irispair/generate/mirror';
import { Population } from 'irispair/generate/population';
import { PairUnderTest } from './support/pair-under-test.js';

const population = new Population('pair tests');

function enrolment(index: number): Iris {
  return population.enrolment(population.person(index));
}

function again(index: number): Iris {
  return population.again(population.person(index), 1);
}

type Responses = Map<string, api.ProcessResponse['response']>;

/** Sends requests through the bulk stream and returns the answers by request id. */
async function processAll(test: PairUnderTest, requests: api.ProcessRequest[]): Promise<Responses> {
  const responses: Responses = new Map();
  await test.client.process(requests, ({ requestId, response }) => responses.set(requestId, response));
  return responses;
}

async function enrolAll(test: PairUnderTest, irises: readonly Iris[]): Promise<api.EnrollResponse[]> {
  const responses = await processAll(
    test,
    irises.map((iris, index) => ({
      requestId: String(index),
      request: { $case: 'enroll', value: { iris: irisMessage(iris), orList: [] } },
    })),
  );
  return irises.map((_, index) => {
    const response = responses.get(String(index));
    assert.equal(response?.$case, 'enroll', JSON.stringify(response));
    return response.value;
  });
}

async function refusal(call: Promise<unknown>): Promise<{ code: number; details: string }> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof Error && 'code' in error && 'details' in error);
    return { code: Number(error.code), details: String(error.details) };
  }
  return assert.fail('the call succeeded');
}

describe('a pair', () => {
  let test: PairUnderTest;
  const people = 120;

  before(async () => {
    test = await PairUnderTest.start();
    const enrolled = await enrolAll(
      test,
      Array.from({ length: people }, (_, index) => enrolment(index)),
    );
    assert.ok(enrolled.every(({ decision }) => decision === api.Decision.UNIQUE));
    assert.deepEqual(
      enrolled.map(({ serialId }) => serialId).sort((a, b) => a - b),
      Array.from({ length: people }, (_, index) => index + 1),
    );
  });
  after(() => test.stop());

  async function serialIdOf(index: number): Promise<number> {
    const { matches } = await test.client.search({ iris: irisMessage(enrolment(index)), orList: [] });
    assert.equal(matches.length, 1);
    return matches[0].serialId;
  }

  it('finds everybody again in a new capture, and nobody in a stranger', async () => {
    for (let index = 0; index < people; index += 7) {
      const { decision, matches } = await test.client.search({ iris: irisMessage(again(index)), orList: [] });
      assert.equal(decision, api.Decision.DUPLICATE);
      assert.deepEqual(matches, [
        { serialId: await serialIdOf(index), version: 0, left: true, right: true, mirrored: false },
      ]);
    }
    const stranger = await test.client.search({ iris: irisMessage(enrolment(1_000)), orList: [] });
    assert.deepEqual(stranger, { decision: api.Decision.UNIQUE, matches: [] });
  });

  it('catches mirrored captures', async () => {
    const { decision, matches } = await test.client.search({
      iris: irisMessage(mirrored(again(5))),
      orList: [],
    });
    assert.equal(decision, api.Decision.MIRROR_ATTACK);
    assert.deepEqual(
      matches.map(({ serialId, mirrored: flipped }) => [serialId, flipped]),
      [[await serialIdOf(5), true]],
    );
  });

  it('counts one matching eye only for people on the OR-list', async () => {
    const serial = await serialIdOf(9);
    const oneEye = { left: again(9).left, right: enrolment(1_001).right };
    const without = await test.client.search({ iris: irisMessage(oneEye), orList: [] });
    assert.equal(without.decision, api.Decision.UNIQUE);
    const within = await test.client.search({ iris: irisMessage(oneEye), orList: [serial] });
    assert.equal(within.decision, api.Decision.DUPLICATE);
    assert.deepEqual(
      within.matches.map(({ serialId, left, right }) => [serialId, left, right]),
      [[serial, true, false]],
    );
  });

  it('enrols one of two copies that arrive together, mirrored or not', async () => {
    const twins = await enrolAll(test, [enrolment(2_000), again(2_000)]);
    const decisions = twins.map(({ decision }) => decision).sort();
    assert.deepEqual(decisions, [api.Decision.UNIQUE, api.Decision.DUPLICATE]);
    const flipped = await enrolAll(test, [enrolment(2_001), mirrored(again(2_001))]);
    assert.deepEqual(flipped.map(({ decision }) => decision).sort(), [
      api.Decision.UNIQUE,
      api.Decision.MIRROR_ATTACK,
    ]);
  });

  it('verifies, reauthenticates, deletes and reads back', async () => {
    const [{ serialId }] = await enrolAll(test, [enrolment(3_000)]);
    const same = await test.client.verify({ serialId, iris: irisMessage(again(3_000)) });
    assert.equal(same.matched, true);
    assert.ok(same.left && same.left.fractionalHammingDistance < 0.375);
    const other = await test.client.verify({ serialId, iris: irisMessage(enrolment(3_001)) });
    assert.equal(other.matched, false);

    const replaced = await processAll(test, [
      {
        requestId: 'r',
        request: { $case: 'reauthenticate', value: { serialId, iris: irisMessage(again(3_000)) } },
      },
    ]);
    const reauthenticated = replaced.get('r');
    assert.equal(reauthenticated?.$case, 'reauthenticate');
    assert.equal(reauthenticated.value.version, 1);
    const read = await processAll(test, [
      { requestId: 'g', request: { $case: 'getIris', value: { serialId } } },
    ]);
    assert.deepEqual(read.get('g'), {
      $case: 'getIris',
      value: { iris: irisMessage(again(3_000)), version: 1, share: undefined },
    });

    assert.equal((await test.client.delete(serialId)).version, 2);
    const gone = await test.client.search({ iris: irisMessage(enrolment(3_000)), orList: [] });
    assert.equal(gone.decision, api.Decision.UNIQUE);
    assert.equal((await refusal(test.client.delete(serialId))).code, status.NOT_FOUND);
    const [reenrolled] = await enrolAll(test, [enrolment(3_000)]);
    assert.notEqual(reenrolled.serialId, serialId);
  });

  it('goes on serving when neighbours are deleted and replaced together', async () => {
    const leaving = [60, 61, 62, 63, 64, 65];
    const replaced = [66, 67, 68];
    const serialIds = new Map<number, number>();
    for (const person of [...leaving, ...replaced]) serialIds.set(person, await serialIdOf(person));
    const responses = await processAll(test, [
      ...leaving.map((person): api.ProcessRequest => ({
        requestId: String(person),
        request: { $case: 'delete', value: { serialId: serialIds.get(person) ?? 0 } },
      })),
      ...replaced.map((person): api.ProcessRequest => ({
        requestId: String(person),
        request: {
          $case: 'reauthenticate',
          value: { serialId: serialIds.get(person) ?? 0, iris: irisMessage(again(person)) },
        },
      })),
    ]);
    for (const [person, response] of responses) {
      assert.equal(response?.$case, leaving.includes(Number(person)) ? 'delete' : 'reauthenticate');
    }
    const { ready, graph, enrolled } = await test.client.status();
    assert.deepEqual([ready, graph?.nodes], [true, enrolled]);
    for (const person of leaving) {
      const { decision } = await test.client.search({ iris: irisMessage(again(person)), orList: [] });
      assert.equal(decision, api.Decision.UNIQUE);
    }
    for (const person of replaced) assert.equal(await serialIdOf(person), serialIds.get(person));
  });

  it('refuses wrong input by field, stores nothing and goes on', async () => {
    const { highestSerialId } = await test.client.status();
    const good = irisMessage(enrolment(4_000));
    const { left, right } = good;
    const hidden = Buffer.alloc(1_600);
    hidden.fill(0xff, 0, 799);
    const wrong: [string, api.Iris | undefined, RegExp][] = [
      ['missing', undefined, /^iris: missing/],
      ['no right eye', { left, right: undefined }, /^iris\.right: missing/],
      [
        'short',
        { left: { ...left, irisCodes: Buffer.alloc(1_599) }, right },
        /^iris\.left\.iris_codes: 1599 bytes, expected 1600/,
      ],
      [
        'occluded',
        { left, right: { ...right, maskCodes: hidden } },
        /^iris\.right\.mask_codes: 6392 of 12800 bits are usable/,
      ],
    ];
    for (const [, iris, details] of wrong) {
      const refused = await refusal(test.client.search({ iris, orList: [] }));
      assert.equal(refused.code, status.INVALID_ARGUMENT);
      assert.match(refused.details, details);
    }
    const orList = await refusal(test.client.search({ iris: good, orList: [1, 0] }));
    assert.match(orList.details, /^or_list\[1\]: 0 is not a serial id/);
    const unknown = await refusal(test.client.verify({ serialId: 4_000_000, iris: good }));
    assert.equal(unknown.code, status.NOT_FOUND);
    const oversized = await refusal(
      test.client.search({
        iris: { left: { ...left, irisCodes: Buffer.alloc(2 << 20) }, right },
        orList: [],
      }),
    );
    assert.equal(oversized.code, status.RESOURCE_EXHAUSTED);
    assert.equal((await test.client.status()).highestSerialId, highestSerialId);
  });

  it('answers bad bulk requests with their error and goes on with the stream', async () => {
    const responses = await processAll(test, [
      { requestId: 'bad', request: { $case: 'verify', value: { serialId: 0, iris: undefined } } },
      { requestId: 'none', request: undefined },
      { requestId: 'good', request: { $case: 'search', value: { iris: irisMessage(again(3)), orList: [] } } },
    ]);
    const bad = responses.get('bad');
    assert.equal(bad?.$case, 'error');
    assert.equal(bad.value.code, status.INVALID_ARGUMENT);
    assert.match(bad.value.message, /^serial_id: 0 is not a serial id/);
    assert.equal(responses.get('none')?.$case, 'error');
    assert.equal(responses.get('good')?.$case, 'search');
  });

  it('says UNAVAILABLE while the iris service is gone, and recovers by itself', async () => {
    await test.pair.kill('iris', 'SIGKILL');
    const away = await refusal(test.client.search({ iris: irisMessage(again(3)), orList: [] }));
    assert.equal(away.code, status.UNAVAILABLE);
    await test.startAgain('iris');
    const { decision } = await test.client.search({ iris: irisMessage(again(3)), orList: [] });
    assert.equal(decision, api.Decision.DUPLICATE);
  });

  it('gives the same answers after a restart', async () => {
    const captures = Array.from({ length: 20 }, (_, index) =>
      index % 2 === 0 ? again(index) : mirrored(again(index)),
    );
    const answers = () =>
      Promise.all(captures.map((iris) => test.client.search({ iris: irisMessage(iris), orList: [] })));
    const first = await answers();
    await test.restart();
    assert.deepEqual(await answers(), first);
  });
});

describe('a small pair', () => {
  it('refuses enrolments beyond its capacity with nothing stored', async () => {
    const test = await PairUnderTest.start({
      IRIS_STORE_INITIAL_CAPACITY: '4',
      IRISPAIR_STORE_MAXIMUM_CAPACITY: '4',
    });
    try {
      for (let index = 0; index < 4; index++) await enrolAll(test, [enrolment(index)]);
      const responses = await processAll(test, [
        {
          requestId: 'full',
          request: { $case: 'enroll', value: { iris: irisMessage(enrolment(5)), orList: [] } },
        },
      ]);
      const full = responses.get('full');
      assert.equal(full?.$case, 'error');
      assert.equal(full.value.code, status.RESOURCE_EXHAUSTED);
      const { enrolled, highestSerialId } = await test.client.status();
      assert.deepEqual([enrolled, highestSerialId], [4, 4]);
      const { decision } = await test.client.search({ iris: irisMessage(again(2)), orList: [] });
      assert.equal(decision, api.Decision.DUPLICATE);
    } finally {
      await test.stop();
    }
  });
});
