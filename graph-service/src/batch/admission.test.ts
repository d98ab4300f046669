import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CancelledError, DeadlineExceededError, ExhaustedError } from '@irispair/common/errors/errors';
import { serialId, version } from '@irispair/common/ids/vector-id';
import { Turned } from './admission.js';
import { Batcher } from './batcher.js';
import type { Answer, Pending } from './request.js';

/** Far longer than the test lasts, so that its own time does not count. */
const HOUR = 3_600_000;
const SIGNAL = new AbortController().signal;

/** A batcher on a clock that the test sets: its batches last as long as the test says. */
class House {
  milliseconds = 0;
  readonly turned: Turned[] = [];
  /** Connections, by the order of decisions. */
  readonly decided: string[] = [];
  readonly batcher: Batcher;
  private running: { readonly batch: readonly Pending[]; readonly end: () => void } | undefined;
  private begun: () => void = () => undefined;
  private serial = 0;

  constructor(size: number, queue = 1_000) {
    this.batcher = new Batcher(
      { size, milliseconds: 0, queue },
      (batch) =>
        new Promise((end) => {
          this.running = { batch, end };
          this.begun();
        }),
      (why) => this.turned.push(why),
      () => this.milliseconds,
    );
  }

  /** @param hours until the deadline */
  submit(connection = 'a', hours = 1_000, signal = SIGNAL): Promise<Answer> {
    this.serial += 1;
    const answer = this.batcher.submit(
      { kind: 'delete', serialId: serialId(this.serial) },
      { deadline: Date.now() + hours * HOUR, signal, connection },
    );
    // Looked at later, if at all.
    answer.catch(() => undefined);
    return answer;
  }

  /** Resolves when a batch is being decided. */
  async began(): Promise<void> {
    if (this.running !== undefined) return;
    await new Promise<void>((resolve) => {
      this.begun = resolve;
    });
  }

  /** Ends the next batch. @param hours that it lasted */
  async decide(hours: number): Promise<void> {
    await this.began();
    const { batch, end } = this.running ?? assert.fail('no batch is being decided');
    this.running = undefined;
    this.milliseconds += hours * HOUR;
    for (const { patience, resolve } of batch) {
      this.decided.push(patience.connection ?? '');
      resolve({ kind: 'deleted', version: version(0) });
    }
    end();
  }

  /** Teaches it how long a batch of one lasts. */
  async learn(hours: number): Promise<void> {
    const answer = this.submit();
    await this.decide(hours);
    await answer;
    await this.batcher.drained();
    this.decided.length = 0;
  }
}

async function refusal(answer: Promise<Answer>): Promise<ExhaustedError> {
  const error: unknown = await answer.then(
    () => assert.fail('it was answered'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ExhaustedError, String(error));
  return error;
}

describe('a request that comes', () => {
  it('is refused at once, with the time to come back after, when its answer cannot be expected in time', async () => {
    const house = new House(1);
    await house.learn(2);
    const answers = [house.submit(), house.submit()];
    await house.began();
    const late = await refusal(house.submit('a', 5.9));
    assert.match(
      late.message,
      /an answer takes 21600000 ms, and the deadline is in 212\d+ ms: try again in 60000 ms$/,
    );
    assert.equal(late.retryMilliseconds, 60_000);
    answers.push(house.submit('a', 6.5));
    assert.deepEqual(house.turned, [Turned.Late]);
    await house.decide(2);
    await house.decide(2);
    await house.decide(2);
    await Promise.all(answers);
  });

  it('waits for its own turn only, not for all that others have sent', async () => {
    const house = new House(1);
    await house.learn(1);
    const greedy = Array.from({ length: 20 }, () => house.submit('greedy'));
    await house.began();
    await refusal(house.submit('greedy', 10));
    const lone = house.submit('lone', 3.5);
    assert.equal(house.batcher.expectedMilliseconds, 4 * HOUR);
    for (let batch = 0; batch < greedy.length + 1; batch++) await house.decide(1);
    await Promise.all([lone, ...greedy]);
    assert.equal(house.decided.indexOf('lone'), 2);
  });

  it('is tried whatever was measured when nothing is before it', async () => {
    const house = new House(4);
    await house.learn(100);
    const answer = house.submit('a', 1);
    await house.decide(0);
    await answer;
    assert.deepEqual(house.turned, []);
  });

  it('is refused without a deadline when it would wait for more than ten minutes', async () => {
    const house = new House(1);
    await house.learn(1);
    const first = house.submit();
    await house.began();
    const { message } = await refusal(house.submit('a', Infinity));
    assert.match(message, /the longest wait is 600000 ms: try again/);
    await house.decide(1);
    await first;
  });

  it('that nobody waits for any longer is not even queued', async () => {
    const house = new House(1);
    await assert.rejects(house.submit('a', -1), DeadlineExceededError);
    await assert.rejects(house.submit('a', 1, AbortSignal.abort()), CancelledError);
    assert.deepEqual(house.turned, [Turned.Expired, Turned.Gone]);
  });
});

describe('a queue that is full', () => {
  it('refuses those who fill it, and takes others', async () => {
    const house = new House(1, 4);
    const running = house.submit('greedy');
    await house.began();
    const greedy = Array.from({ length: 4 }, () => house.submit('greedy'));
    assert.match(
      (await refusal(house.submit('greedy'))).message,
      /^4 requests are waiting already: try again in 50 ms/,
    );
    const lone = house.submit('lone');
    assert.match((await refusal(greedy[3])).message, /most of them of this connection: try again in 50 ms/);
    assert.deepEqual(house.turned, [Turned.Full, Turned.Full]);
    for (let batch = 0; batch < 5; batch++) await house.decide(0);
    await Promise.all([running, lone, ...greedy.slice(0, 3)]);
    assert.deepEqual(house.decided, ['greedy', 'greedy', 'lone', 'greedy', 'greedy']);
  });
});

describe('a request that waits', () => {
  it('leaves before any work when the batch that would take it cannot answer it in time', async () => {
    const house = new House(1);
    await house.learn(1);
    const first = house.submit();
    await house.began();
    const [hasty, patient] = [house.submit('a', 4), house.submit('b', 100)];
    // It lasts far longer than was expected, and so will the next.
    await house.decide(50);
    const { message } = await refusal(hasty);
    assert.match(
      message,
      /^other requests came first, and the next answers come in \d+ ms, after the deadline: try again in /,
    );
    assert.deepEqual(house.turned, [Turned.Overtaken]);
    await house.decide(1);
    await Promise.all([first, patient]);
    assert.deepEqual(house.decided, ['a', 'b']);
  });

  it('is tried by itself when none of them could be answered in time, the most patient one', async () => {
    const house = new House(4);
    await house.learn(1);
    const first = house.submit();
    await house.began();
    const waiting = [4, 6, 5].map((hours, place) => house.submit(String(place), hours));
    await house.decide(50);
    await house.decide(0);
    await Promise.all([first, waiting[1]]);
    await refusal(waiting[0]);
    await refusal(waiting[2]);
    assert.deepEqual(house.decided, ['a', '1']);
  });
});
