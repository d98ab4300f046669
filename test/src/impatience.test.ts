/** Callers who go away: their work is dropped, their queries are freed, and nobody else notices. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { credentials, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { HOP_CHANNEL_OPTIONS } from '@irispair/common/grpc/limits';
import { socketTarget } from '@irispair/common/grpc/local-socket';
import { callUnary } from '@irispair/common/grpc/unary-call';
import { IrisComputeClient } from '@irispair/proto/compute';
import { irisMessage } from '@irispair/common/iris/message';
import { PATIENCE_MILLISECONDS, patientDeadline } from '@irispair/common/support/patience';
import { until } from '@irispair/common/support/until';
import * as api from '@irispair/proto/public';
import { Population } from 'irispair/generate/population';
import { PairUnderTest } from './support/pair-under-test.js';

const population = new Population('impatient callers');

function capture(index: number): api.Iris {
  return irisMessage(population.enrolment(population.person(index)));
}

describe('callers who go away', () => {
  let test: PairUnderTest;
  let client: api.IrisPairClient;
  let hop: IrisComputeClient;
  before(async () => {
    // A batch is collected for so long that a caller can leave before it is decided.
    test = await PairUnderTest.start({ IRISPAIR_BATCH_MILLISECONDS: '1000' });
    client = new api.IrisPairClient(test.client.address, credentials.createInsecure());
    hop = new IrisComputeClient(
      socketTarget(test.pair.socket),
      credentials.createInsecure(),
      HOP_CHANNEL_OPTIONS,
    );
  });
  after(async () => {
    client.close();
    hop.close();
    await test.stop();
  });

  async function untilNoQueryIsHeld(): Promise<void> {
    await until('no query is held', async () => {
      const held = await callUnary(hop.placement.bind(hop), { countPages: false }, PATIENCE_MILLISECONDS);
      return held.queries === 0;
    });
  }

  function enrol(iris: api.Iris, deadline: number): { ended: Promise<status>; cancel: () => void } {
    let cancel: () => void = () => undefined;
    const ended = new Promise<status>((resolve) => {
      const call = client.enroll(
        { iris, orList: [] },
        new Metadata(),
        { deadline },
        (error: ServiceError | null) => {
          resolve(error?.code ?? status.OK);
        },
      );
      cancel = () => {
        call.cancel();
      };
    });
    return { ended, cancel };
  }

  it('stores nothing for a caller who cancels or whose deadline passes while the batch is collected', async () => {
    const before = (await test.client.status()).highestSerialId;
    const cancelled = enrol(capture(1), patientDeadline());
    const expired = enrol(capture(2), Date.now() + 100);
    const patient = enrol(capture(3), patientDeadline());
    await sleep(50);
    cancelled.cancel();
    assert.deepEqual(await Promise.all([cancelled.ended, expired.ended, patient.ended]), [
      status.CANCELLED,
      status.DEADLINE_EXCEEDED,
      status.OK,
    ]);
    await untilNoQueryIsHeld();
    assert.equal((await test.client.status()).highestSerialId, before + 1);
    for (const [person, decision] of [
      [1, api.Decision.UNIQUE],
      [2, api.Decision.UNIQUE],
      [3, api.Decision.DUPLICATE],
    ] as const) {
      assert.equal((await test.client.search({ iris: capture(person), orList: [] })).decision, decision);
    }
  });

  it('frees every query of callers who leave at any moment, and answers the others', async () => {
    const calls = Array.from({ length: 60 }, (_, index) => {
      const call = enrol(capture(100 + index), patientDeadline());
      if (index % 2 === 0) setTimeout(call.cancel, 30 * index);
      return call.ended;
    });
    const ended = await Promise.all(calls);
    ended.forEach((code, index) => {
      const wanted = index % 2 === 0 ? [status.OK, status.CANCELLED] : [status.OK];
      assert.ok(wanted.includes(code), `call ${index} ended with ${status[code]}`);
    });
    await untilNoQueryIsHeld();
    // A caller who left cannot know: the enrolment is whole or absent, and either way decided the same from now on.
    const answers = await Promise.all(
      ended.map((_, index) => test.client.search({ iris: capture(100 + index), orList: [] })),
    );
    answers.forEach(({ decision }, index) => {
      if (ended[index] === status.OK) assert.equal(decision, api.Decision.DUPLICATE);
    });
    await untilNoQueryIsHeld();
  });

  it('frees the queries of a graph service that is killed', async () => {
    const calls = Array.from(
      { length: 8 },
      (_, index) => enrol(capture(300 + index), patientDeadline()).ended,
    );
    await test.pair.kill('graph', 'SIGKILL');
    await Promise.all(calls);
    await untilNoQueryIsHeld();
    test.pair.startService('graph');
    await test.untilReady();
    const { decision } = await test.client.search({ iris: capture(3), orList: [] });
    assert.equal(decision, api.Decision.DUPLICATE);
  });
});
