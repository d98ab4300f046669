import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CancelledError, DeadlineExceededError, ExhaustedError } from '@irispair/common/errors/errors';
import { serialId, version } from '@irispair/common/ids/vector-id';
import { PATIENCE_MILLISECONDS } from '@irispair/common/support/patience';
import { Batcher, type BatcherLimits } from './batcher.js';
import type { Answer, Ask, Patience, Pending } from './request.js';

/** Longer than the test waits. */
const TOO_LONG = 2 * PATIENCE_MILLISECONDS;
const ENDLESS: Patience = { deadline: Infinity, signal: new AbortController().signal };

/** A deletion of a serial id: the smallest request there is. */
function ask(serial: number): Ask {
  return { kind: 'delete', serialId: serialId(serial) };
}

/** Which serial ids a batch is about. */
function about(batch: readonly Pending[]): number[] {
  return batch.map((pending) => ('serialId' in pending.ask ? pending.ask.serialId : 0));
}

function answerAll(batch: readonly Pending[]): void {
  for (const { resolve } of batch) resolve({ kind: 'deleted', version: version(0) });
}

/** A batcher whose batches are recorded, and decided when the test says so. */
class Desk {
  readonly batches: number[][] = [];
  readonly batcher: Batcher;
  private readonly open: (readonly Pending[])[] = [];
  private readonly closed: (() => void)[] = [];
  private arrived: () => void = () => undefined;

  constructor(limits: Partial<BatcherLimits>) {
    this.batcher = new Batcher({ size: 4, milliseconds: 0, queue: 100, ...limits }, (batch) => {
      this.batches.push(about(batch));
      this.open.push(batch);
      return new Promise((resolve) => {
        this.closed.push(resolve);
        this.arrived();
      });
    });
  }

  submit(serial: number, patience = ENDLESS): Promise<Answer> {
    return this.batcher.submit(ask(serial), patience);
  }

  /** Batches being decided. */
  get atWork(): number {
    return this.open.length;
  }

  /** Waits for the next batch. */
  async batch(): Promise<void> {
    if (this.open.length > 0) return;
    await new Promise<void>((resolve) => {
      this.arrived = resolve;
    });
  }

  /** Answers the batch that is being decided. */
  decide(): void {
    answerAll(this.open.shift() ?? assert.fail('no batch is being decided'));
    this.closed.shift()?.();
  }
}

describe('a batch', () => {
  it('is decided as soon as it is full', { timeout: PATIENCE_MILLISECONDS }, async () => {
    const desk = new Desk({ size: 3, milliseconds: TOO_LONG });
    const answers = [1, 2, 3].map((serial) => desk.submit(serial));
    await desk.batch();
    assert.deepEqual(desk.batches, [[1, 2, 3]]);
    desk.decide();
    assert.equal((await Promise.all(answers)).length, 3);
  });

  it('is decided without being full once it has been collected for long enough', async () => {
    const desk = new Desk({ size: 3, milliseconds: 1 });
    void desk.submit(1);
    void desk.submit(2);
    await desk.batch();
    assert.deepEqual(desk.batches, [[1, 2]]);
    desk.decide();
    await desk.batcher.drained();
  });

  it('waits for the one before it, and takes no more than its size', async () => {
    const desk = new Desk({ size: 2 });
    const answers = [1, 2, 3, 4, 5].map((serial) => desk.submit(serial));
    for (const expected of [[1, 2], [3, 4], [5]]) {
      await desk.batch();
      assert.equal(desk.atWork, 1);
      assert.deepEqual(desk.batches.at(-1), expected);
      desk.decide();
    }
    assert.equal((await Promise.all(answers)).length, 5);
  });

  it('holds one request for a serial id, and the next holds the next one in order', async () => {
    const serials = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(serials, fc.integer({ min: 1, max: 6 }), async (asked, size) => {
        const decided: number[][] = [];
        const places: number[] = [];
        const asks = asked.map(ask);
        const batcher = new Batcher({ size, milliseconds: 0, queue: 100 }, (batch) => {
          decided.push(about(batch));
          for (const pending of batch) places.push(asks.indexOf(pending.ask));
          answerAll(batch);
          return Promise.resolve();
        });
        await Promise.all(asks.map((one) => batcher.submit(one, ENDLESS)));
        for (const batch of decided) {
          assert.ok(batch.length <= size);
          assert.equal(new Set(batch).size, batch.length);
        }
        for (const serial of new Set(asked)) {
          const inOrder = places.filter((place) => asked[place] === serial);
          assert.deepEqual(
            inOrder,
            [...inOrder].sort((a, b) => a - b),
          );
        }
        assert.equal(places.length, asked.length);
      }),
      { numRuns: 50 },
    );
  });
});

describe('a waiting request', () => {
  it('leaves the queue when its caller goes away or its deadline passes', async () => {
    const desk = new Desk({ size: 2 });
    const first = desk.submit(1);
    await desk.batch();
    const caller = new AbortController();
    const cancelled = desk.submit(2, { deadline: Infinity, signal: caller.signal });
    const expired = desk.submit(3, { ...ENDLESS, deadline: Date.now() - 1 });
    const patient = desk.submit(4);
    caller.abort();
    desk.decide();
    await first;
    await assert.rejects(cancelled, CancelledError);
    await assert.rejects(expired, DeadlineExceededError);
    await desk.batch();
    assert.deepEqual(desk.batches, [[1], [4]]);
    desk.decide();
    await patient;
  });

  it('does not stop those behind it when a batch of one finds nobody waiting', async () => {
    const desk = new Desk({ size: 1 });
    await assert.rejects(desk.submit(1, { ...ENDLESS, signal: AbortSignal.abort() }), CancelledError);
    const next = desk.submit(2);
    await desk.batch();
    desk.decide();
    await next;
  });

  it('is refused when the queue is full, and accepted again when it is not', async () => {
    const desk = new Desk({ size: 1, queue: 2 });
    const first = desk.submit(1);
    await desk.batch();
    const waiting = [desk.submit(2), desk.submit(3)];
    await assert.rejects(desk.submit(4), ExhaustedError);
    desk.decide();
    await first;
    await desk.batch();
    waiting.push(desk.submit(5));
    for (const expected of [2, 3, 5]) {
      await desk.batch();
      assert.deepEqual(desk.batches.at(-1), [expected]);
      desk.decide();
      await waiting.shift();
    }
  });

  it('is decided at whatever moment after another one it comes', async () => {
    const MOMENTS = 24;
    const desk = { batches: 0 };
    const batcher = new Batcher({ size: 1, milliseconds: 0, queue: 10 }, (batch) => {
      desk.batches += 1;
      answerAll(batch);
      return Promise.resolve();
    });
    for (let moments = 0; moments < MOMENTS; moments++) {
      await batcher.submit(ask(1), ENDLESS);
      for (let passed = 0; passed < moments; passed++) await Promise.resolve();
      await batcher.submit(ask(2), ENDLESS);
      await batcher.drained();
    }
    assert.equal(desk.batches, 2 * MOMENTS);
  });
});

describe('dismiss()', () => {
  it('rejects those who wait, and leaves the batch that is being decided', async () => {
    const desk = new Desk({ size: 1 });
    const first = desk.submit(1);
    await desk.batch();
    const waiting = [desk.submit(2), desk.submit(3)];
    desk.batcher.dismiss(new CancelledError('closing'));
    for (const answer of waiting) await assert.rejects(answer, /^CancelledError: closing/);
    assert.equal(desk.batcher.waiting, 0);
    desk.decide();
    await first;
    await desk.batcher.drained();
    assert.deepEqual(desk.batches, [[1]]);
  });
});

describe('drained()', () => {
  it('resolves at once when nothing was ever asked', async () => {
    await new Desk({}).batcher.drained();
  });

  it('resolves when nothing waits or runs, and not before', async () => {
    const desk = new Desk({ size: 1 });
    void desk.submit(1);
    void desk.submit(2);
    let isDrained = false;
    const drained = desk.batcher.drained().then(() => {
      isDrained = true;
    });
    await desk.batch();
    desk.decide();
    await desk.batch();
    assert.equal(isDrained, false);
    desk.decide();
    await drained;
    assert.deepEqual(desk.batches, [[1], [2]]);
  });
});
