import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import {
  CancelledError,
  DeadlineExceededError,
  ExhaustedError,
  UnavailableError,
} from '@irispair/common/errors/errors';
import { Lane } from './lane.js';

const LIMITS = { calls: 3, bytes: 100, waiting: 2 };

/** A call that the test answers. */
class Asked {
  readonly answer: Promise<string>;
  /** The connection that it went over; undefined until it is open. */
  over: Wire | undefined;
  lost: AbortSignal | undefined;
  private resolve: (answer: string) => void = () => undefined;

  constructor(
    lane: Lane<Wire>,
    bytes = 1,
    patience: { deadline: number; signal?: AbortSignal } = { deadline: Infinity },
  ) {
    const answered = new Promise<string>((resolve) => {
      this.resolve = resolve;
    });
    this.answer = lane.run(
      bytes,
      (over, lost) => {
        this.over = over;
        this.lost = lost;
        return answered;
      },
      patience,
    );
  }

  async answered(): Promise<void> {
    this.resolve('answered');
    assert.equal(await this.answer, 'answered');
  }
}

class Wire {
  closed = false;
  close(): void {
    this.closed = true;
  }
}

describe('a lane', () => {
  let lane: Lane<Wire>;
  beforeEach(() => {
    lane = new Lane('reads', LIMITS, () => new Wire());
  });

  function ask(count: number): Asked[] {
    return Array.from({ length: count }, () => new Asked(lane));
  }

  it('opens so many calls at once, and the others in order as places come free', async () => {
    const [first, second, third, fourth, fifth] = ask(5);
    assert.deepEqual(lane.load, { open: 3, openBytes: 3, waiting: 2 });
    assert.equal(fourth.over, undefined);
    await second.answered();
    assert.notEqual(fourth.over, undefined);
    assert.equal(fifth.over, undefined);
    for (const asked of [first, third, fourth, fifth]) await asked.answered();
    assert.deepEqual(lane.load, { open: 0, openBytes: 0, waiting: 0 });
  });

  it('opens so many bytes at once, and a call with more than that alone', async () => {
    const large = new Asked(lane, 1_000);
    const small = new Asked(lane, 60);
    const other = new Asked(lane, 60);
    assert.deepEqual(lane.load, { open: 1, openBytes: 1_000, waiting: 2 });
    await large.answered();
    assert.deepEqual(lane.load, { open: 1, openBytes: 60, waiting: 1 });
    await small.answered();
    await other.answered();
  });

  it('refuses a call when too many wait, naming the kind', async () => {
    ask(5);
    await assert.rejects(new Asked(lane).answer, (error: Error) => {
      assert.ok(error instanceof ExhaustedError);
      assert.match(error.message, /2 calls of the kind reads wait .*: try again later/);
      assert.equal(error.retryMilliseconds, 1_000);
      return true;
    });
  });

  it('asks nothing for a caller who left before his turn', async () => {
    const [first, second] = ask(3);
    const abort = new AbortController();
    const gone = new Asked(lane, 1, { deadline: Infinity, signal: abort.signal });
    const late = new Asked(lane, 1, { deadline: Date.now() - 1 });
    abort.abort();
    const ends = [
      assert.rejects(gone.answer, CancelledError),
      assert.rejects(late.answer, DeadlineExceededError),
    ];
    await first.answered();
    await Promise.all(ends);
    assert.equal(gone.over, undefined);
    assert.equal(late.over, undefined);
    assert.deepEqual(lane.load, { open: 2, openBytes: 2, waiting: 0 });
    await second.answered();
  });

  it('fails what is open and what waits when it reconnects, and goes on over another connection', async () => {
    const asked = ask(4);
    const before = asked[0].over;
    const ends = asked.map(({ answer }) => assert.rejects(answer, UnavailableError));
    lane.reconnect(new UnavailableError('silent'));
    await Promise.all(ends);
    assert.equal(before?.closed, true);
    assert.equal(asked[0].lost?.aborted, true);
    assert.equal(asked[3].over, undefined);
    const next = new Asked(lane);
    assert.notEqual(next.over, before);
    await asked[0].answer.catch(() => undefined);
    assert.deepEqual(lane.load, { open: 1, openBytes: 1, waiting: 0 });
    await next.answered();
  });
});
