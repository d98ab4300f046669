import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { monotonicMicroseconds } from '@irispair/common/clock/monotonic';
import { serialId, version } from '@irispair/common/ids/vector-id';
import type { Answer, Pending } from '../batch/request.js';
import type { FourSearches } from '../matching/sightings.js';
import { idOf } from '../support/ids.js';
import type { SearchResult } from '../walk/order.js';
import { MOST_KEPT, RECENT_MICROSECONDS, SlowRequests } from './slow-requests.js';

const ANSWER: Answer = { kind: 'deleted', version: version(7) };

/** A request that has waited for so long already. */
function pending(waited: number, kind: 'enroll' | 'delete' = 'delete'): Pending & { answers: unknown[] } {
  const answers: unknown[] = [];
  return {
    ask:
      kind === 'delete'
        ? { kind, serialId: serialId(4_242) }
        : { kind, iris: { left: NO_TEMPLATE, right: NO_TEMPLATE }, orList: [serialId(4_242)] },
    patience: { deadline: Infinity, signal: new AbortController().signal },
    submitted: monotonicMicroseconds() - waited,
    answers,
    resolve: (answer) => answers.push(answer),
    reject: (error) => answers.push(error),
  };
}

const NO_TEMPLATE = { irisCodes: Buffer.alloc(0), maskCodes: Buffer.alloc(0) };

function search(started: number, finished: number): SearchResult {
  return {
    neighbours: [idOf(4_242)],
    matchCount: 1,
    hops: 3,
    candidates: 200,
    times: { started, finished, onHop: (finished - started) / 2 },
  };
}

async function decided(requests: SlowRequests, batch: readonly Pending[]): Promise<void> {
  await requests.watch(batch, (watched) => {
    for (const { resolve } of watched) resolve(ANSWER);
    return Promise.resolve();
  });
}

describe('slow requests', () => {
  it('are kept with the stages of their batch, and the caller is answered', async () => {
    const requests = new SlowRequests();
    const one = pending(5_000, 'enroll');
    const other = pending(1_000);
    await requests.watch([one, other], async ([watchedOne, watchedOther], observer) => {
      await observer.during('upload of probes', () => Promise.resolve());
      const now = monotonicMicroseconds();
      const four: FourSearches = {
        normal: [search(now, now + 1_000), search(now, now + 2_000)],
        mirror: [search(now, now + 3_000), search(now, now + 4_000)],
      };
      await observer.during('searches', () => Promise.resolve());
      observer.searched(watchedOne, four);
      watchedOther.reject(new Error('refused'));
      await observer.during('commit', () => Promise.resolve());
      watchedOne.resolve(ANSWER);
    });
    assert.deepEqual(one.answers, [ANSWER]);
    assert.deepEqual(other.answers, [new Error('refused')]);
    const [slow, fast] = requests.read();
    assert.deepEqual([slow.kind, slow.ended, slow.batchRequests], ['enroll', 'answered', 2]);
    assert.deepEqual([fast.kind, fast.ended], ['delete', 'failed']);
    assert.ok(slow.waitingMilliseconds >= 5 && slow.milliseconds >= slow.waitingMilliseconds);
    assert.deepEqual(
      slow.stages.map(({ stage }) => stage),
      ['upload of probes', 'searches', 'commit'],
    );
    // It was refused before the commit began.
    assert.deepEqual(
      fast.stages.map(({ stage }) => stage),
      ['upload of probes', 'searches'],
    );
    assert.deepEqual(
      slow.searches.map(({ side, orientation, milliseconds, onHopMilliseconds, hops, candidates }) => [
        side,
        orientation,
        Math.round(milliseconds),
        Math.round(2 * onHopMilliseconds),
        hops,
        candidates,
      ]),
      [
        ['left', 'normal', 1, 1, 3, 200],
        ['right', 'normal', 2, 2, 3, 200],
        ['left', 'mirror', 3, 3, 3, 200],
        ['right', 'mirror', 4, 4, 3, 200],
      ],
    );
    assert.deepEqual(fast.searches, []);
    assert.deepEqual([requests.requests, requests.batches], [2, 1]);
  });

  it('tell nothing of who was asked about', async () => {
    const requests = new SlowRequests();
    await decided(requests, [pending(1_000, 'enroll'), pending(1_000)]);
    assert.doesNotMatch(JSON.stringify(requests.read()), /4242/);
  });

  it('are few: the slowest stay, slowest first', async () => {
    const requests = new SlowRequests();
    for (let waited = 1; waited <= 3 * MOST_KEPT; waited++) {
      await decided(requests, [pending(waited * 1e6)]);
      await decided(requests, [pending(0)]);
    }
    const kept = requests.read().map(({ milliseconds }) => Math.floor(milliseconds / 1e3));
    assert.deepEqual(
      kept,
      Array.from({ length: MOST_KEPT }, (_, place) => 3 * MOST_KEPT - place),
    );
    assert.equal(requests.requests, 6 * MOST_KEPT);
  });

  it('are forgotten after some minutes', async (context) => {
    const requests = new SlowRequests();
    await decided(requests, [pending(2e6)]);
    const [seconds, nanoseconds] = process.hrtime();
    context.mock.method(process, 'hrtime', () => [seconds + RECENT_MICROSECONDS / 1e6 + 1, nanoseconds]);
    await decided(requests, [pending(1e6)]);
    assert.deepEqual(
      requests.read().map(({ milliseconds }) => Math.round(milliseconds / 1e3)),
      [1],
    );
  });

  it('count a request once, however often it is settled', async () => {
    const requests = new SlowRequests();
    await requests.watch([pending(1_000)], ([watched]) => {
      watched.resolve(ANSWER);
      watched.reject(new Error('too late'));
      return Promise.resolve();
    });
    assert.deepEqual(
      requests.read().map(({ ended }) => ended),
      ['answered'],
    );
  });
});
