import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { DeadlineExceededError, UnavailableError } from '@irispair/common/errors/errors';
import { packVectorIds, VECTOR_ID_BYTES } from '@irispair/common/ids/vector-id';
import { Orientation, Side } from '@irispair/common/iris/side';
import { until } from '@irispair/common/support/until';
import type { StepAnswer } from '@irispair/proto/compute';
import { idOf, serials } from '../support/ids.js';
import { LineService } from '../support/line-service.js';
import { NumberLine, scattered } from '../support/number-line.js';
import type { HopStep } from './hop-port.js';
import { HopStream } from './hop-stream.js';
import { openSearch } from './open-search.js';

const PEOPLE = 20;
const EF = 3;
const TERMS = { rotationReach: 5, matchLimit: 16_384 };
const placeOf = scattered(11);

describe('the stream of the hop', () => {
  let directory: string;
  let socket: string;
  let service: LineService;
  let hop: HopStream;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'irispair-hop-'));
    socket = join(directory, 'iris.sock');
    service = await LineService.start(socket, placeOf);
    hop = new HopStream(socket);
  });
  afterEach(async () => {
    hop.close();
    service.stop();
    await rm(directory, { recursive: true });
  });

  /** A search of one step, from a place of its own. */
  function step(index: number, more: Partial<HopStep> = {}): HopStep {
    const probe = { handle: placeOf(1_000 + index) };
    return {
      searchId: hop.nextSearchId(),
      open: openSearch(probe, Side.Left, Orientation.Normal, EF, TERMS),
      candidates: packVectorIds(serials(PEOPLE).map((serial) => idOf(serial))),
      close: true,
      withDistances: false,
      deadline: 0,
      ...more,
    };
  }

  function assertAnswers({ entered }: StepAnswer, index: number): void {
    const expected = new NumberLine(placeOf).nearest(placeOf(1_000 + index), serials(PEOPLE), EF);
    const ranked = Array.from({ length: EF }, (_, rank) => entered.readUInt32LE(8 * rank) + 1);
    assert.deepEqual(ranked, expected);
  }

  it('has the steps of concurrent searches share a message, and gives each its own answer', async () => {
    const answers = await Promise.all(serials(9).map((index) => hop.evaluate(step(index))));
    answers.forEach((answer, place) => {
      assertAnswers(answer, place + 1);
    });
    const { hops, steps, searches, candidates, bytes } = hop.counters;
    assert.deepEqual([hops, steps, searches, candidates], [1, 9, 9, 9 * PEOPLE]);
    assert.equal(bytes, 9 * (PEOPLE * VECTOR_ID_BYTES + EF * 8));
  });

  it('leaves two messages unanswered at most; what comes meanwhile shares the next', async () => {
    service.hold();
    const answers = [hop.evaluate(step(1))];
    await until('the first message', () => service.received === 1);
    answers.push(hop.evaluate(step(2)));
    await until('the second message', () => service.received === 2);
    for (const index of [3, 4, 5]) {
      answers.push(hop.evaluate(step(index)));
      for (let turns = 0; turns < 20; turns++) await turn();
    }
    assert.equal(service.received, 2);
    service.release();
    (await Promise.all(answers)).forEach((answer, place) => {
      assertAnswers(answer, place + 1);
    });
    assert.deepEqual([hop.counters.hops, hop.counters.steps], [3, 5]);
  });

  it('fails a step by itself, not the others of its message', async () => {
    const unopened = step(2, { open: undefined });
    const [good, late, broken] = await Promise.allSettled(
      [step(1), step(3, { deadline: 1 }), unopened].map((one) => hop.evaluate(one)),
    );
    assert.ok(good.status === 'fulfilled');
    assertAnswers(good.value, 1);
    assert.ok(late.status === 'rejected' && late.reason instanceof DeadlineExceededError);
    assert.ok(broken.status === 'rejected');
    assert.match(String(broken.reason), /refused a step: .*is not open/);
    assert.equal(hop.counters.hops, 1);
  });

  it('fails all that is unanswered when the iris service goes, and goes on when it is back', async () => {
    service.hold();
    const sent = [hop.evaluate(step(1)), hop.evaluate(step(2))];
    await until('the message', () => service.received === 1);
    const waiting = hop.evaluate(step(3));
    service.stop();
    for (const result of await Promise.allSettled([...sent, waiting])) {
      assert.ok(result.status === 'rejected' && result.reason instanceof UnavailableError);
      assert.match(result.reason.message, /the iris service is away/);
    }
    service = await LineService.start(socket, placeOf);
    let answer: StepAnswer | undefined;
    await until('an answer from the new service', async () => {
      answer = await hop.evaluate(step(4)).catch((error: unknown) => {
        assert.ok(error instanceof UnavailableError);
        return undefined;
      });
      return answer !== undefined;
    });
    assert.ok(answer);
    assertAnswers(answer, 4);
    assert.ok(hop.counters.disconnects >= 1);
  });

  it('fails what is unanswered when it reconnects, and asks what comes next over another connection', async () => {
    service.hold();
    const sent = hop.evaluate(step(1));
    await until('the message', () => service.received === 1);
    hop.reconnect('no heartbeat');
    await assert.rejects(sent, (error: Error) => {
      assert.ok(error instanceof UnavailableError);
      assert.match(error.message, /the iris service is away: no heartbeat/);
      return true;
    });
    service.release();
    assertAnswers(await hop.evaluate(step(2)), 2);
    assert.equal(hop.counters.disconnects, 1);
  });

  it('fails what is unanswered when it is closed, and all that comes later', async () => {
    service.hold();
    const sent = hop.evaluate(step(1));
    await until('the message', () => service.received === 1);
    hop.close();
    await assert.rejects(sent, UnavailableError);
    await assert.rejects(hop.evaluate(step(2)), UnavailableError);
  });
});
