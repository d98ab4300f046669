import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { OfferedLoad, type LoadClock, type LoadCounts, type Outcome } from './offered-load.js';

/** Time that passes when somebody waits for it. */
class SteppedClock implements LoadClock {
  private time = 0;
  private readonly waiting: { at: number; wake: () => void }[] = [];

  now(): number {
    return this.time;
  }

  wait(milliseconds: number): Promise<void> {
    return new Promise((wake) => {
      this.waiting.push({ at: this.time + milliseconds, wake });
      if (this.waiting.length === 1) this.stepSoon();
    });
  }

  /** Goes on to the next that somebody waits for, once everything that is ready has run. */
  private step(): void {
    this.waiting.sort((one, other) => one.at - other.at);
    const next = this.waiting.shift();
    if (next === undefined) return;
    this.time = Math.max(this.time, next.at);
    next.wake();
    if (this.waiting.length > 0) this.stepSoon();
  }

  private stepSoon(): void {
    setImmediate(() => {
      this.step();
    });
  }
}

const RATE = 100;
const MILLISECONDS = 2_000;

interface Played {
  readonly counts: LoadCounts;
  readonly waits: readonly number[];
  readonly mostAtOnce: number;
}

/** Offers an evenly spaced load to a service that takes so long and answers so. */
async function play(
  take: number,
  outcome: (index: number) => Outcome,
  mostInFlight: number,
  mode: 'open' | 'closed' = 'open',
): Promise<Played> {
  const clock = new SteppedClock();
  const waits: number[] = [];
  let running = 0;
  let mostAtOnce = 0;
  const load = new OfferedLoad({
    ask: async (index) => {
      running += 1;
      mostAtOnce = Math.max(mostAtOnce, running);
      await clock.wait(take);
      running -= 1;
      return outcome(index);
    },
    ended: (_, milliseconds) => waits.push(milliseconds),
    clock,
    signal: new AbortController().signal,
  });
  // Gaps of exactly 1 / rate: -log(1 - random) is 1.
  const random = () => 1 - Math.exp(-1);
  const counts =
    mode === 'open'
      ? await load.open({ rate: RATE, milliseconds: MILLISECONDS, mostInFlight, random })
      : await load.closed({ inFlight: mostInFlight, milliseconds: MILLISECONDS });
  return { counts, waits, mostAtOnce };
}

function addsUp({ offered, heldBack, sent, answered, late, overloaded, failed }: LoadCounts): boolean {
  return offered === heldBack + sent && sent === answered + late + overloaded + failed;
}

describe('an open load', () => {
  it('offers as much as it should, however long answers take', async () => {
    const quick = await play(1, () => 'answered', 1_000);
    const slow = await play(900, () => 'answered', 1_000);
    for (const { counts } of [quick, slow]) {
      // The arrival that falls on the end may or may not be rounded into it.
      assert.ok([199, 200].includes(counts.offered), `${counts.offered} offered`);
      assert.ok(addsUp(counts));
      assert.equal(counts.heldBack, 0);
    }
    assert.equal(quick.counts.late, 0);
    assert.ok(slow.counts.late >= 89 && slow.counts.late <= 91, `${slow.counts.late} late`);
  });

  it('holds back what would be too much in flight, and counts it', async () => {
    const { counts, mostAtOnce } = await play(500, () => 'answered', 7);
    assert.equal(mostAtOnce, 7);
    assert.ok(counts.heldBack > 100);
    assert.ok(addsUp(counts));
  });

  it('counts overload and failures apart', async () => {
    const kinds: readonly Outcome[] = ['answered', 'overloaded', 'failed', 'overloaded'];
    const { counts } = await play(1, (index) => kinds[index % kinds.length], 1_000);
    assert.ok(addsUp(counts));
    assert.ok(counts.overloaded >= 98 && counts.overloaded <= 100);
    assert.ok(counts.failed >= 49 && counts.failed <= 50);
  });

  it('adds up, whatever happens', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 3_000 }),
        fc.array(fc.constantFrom<Outcome>('answered', 'overloaded', 'failed'), { minLength: 1 }),
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom('open' as const, 'closed' as const),
        async (take, outcomes, most, mode) => {
          const { counts, mostAtOnce } = await play(
            take + (mode === 'closed' ? 10 : 0),
            (index) => outcomes[index % outcomes.length],
            most,
            mode,
          );
          assert.ok(addsUp(counts), JSON.stringify(counts));
          assert.ok(mostAtOnce <= most);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('times a request from when it was due, not from when it was sent', async () => {
    const clock = new SteppedClock();
    const waits: number[] = [];
    let late = 0;
    const load = new OfferedLoad({
      ask: () => Promise.resolve('answered'),
      ended: (_, milliseconds) => waits.push(milliseconds),
      // Every sleep lasts 30 ms too long.
      clock: { now: () => clock.now() + late, wait: (milliseconds) => clock.wait(milliseconds + 30) },
      signal: new AbortController().signal,
    });
    late = 0;
    await load.open({ rate: RATE, milliseconds: 500, mostInFlight: 10, random: () => 1 - Math.exp(-1) });
    assert.ok(Math.max(...waits) >= 20, `${Math.max(...waits)} ms`);
  });

  it('ends when it is aborted', async () => {
    const clock = new SteppedClock();
    const abort = new AbortController();
    const load = new OfferedLoad({
      ask: (index) => {
        if (index === 4) abort.abort();
        return Promise.resolve('answered');
      },
      ended: () => undefined,
      clock,
      signal: abort.signal,
    });
    const counts = await load.open({ rate: RATE, milliseconds: 1e9, mostInFlight: 10, random: () => 0.5 });
    assert.equal(counts.offered, 5);
    assert.ok(addsUp(counts));
  });
});

describe('a closed load', () => {
  it('keeps so many in flight and follows answers', async () => {
    const { counts, mostAtOnce } = await play(100, () => 'answered', 8, 'closed');
    assert.equal(mostAtOnce, 8);
    assert.ok(counts.answered >= 8 * 19 && counts.answered <= 8 * 20, `${counts.answered} answered`);
    assert.equal(counts.heldBack, 0);
    assert.ok(addsUp(counts));
  });
});
