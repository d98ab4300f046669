/** What the page makes of two snapshots. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  formatAge,
  formatBytes,
  formatFigure,
  formatList,
  formatSeconds,
  formatShare,
} from '@irispair/graph-service/browser/format';
import { HopHistory } from '@irispair/graph-service/browser/rates';
import { twoNodes } from 'irispair/support/made-up-placement';
import { madeUpSnapshot } from './support/made-up-snapshot.js';

/** 1,200 messages of 240 candidates go with each second. */
const snapshot = (seconds: number) => madeUpSnapshot(twoNodes(), seconds);

describe('the rate of the hop', () => {
  it('is that of the last seconds', () => {
    const history = new HopHistory();
    history.add(snapshot(10));
    assert.equal(history.recent(), undefined);
    for (const seconds of [11, 12, 14, 17]) history.add(snapshot(seconds));
    const recent = history.recent();
    assert.ok(recent !== undefined);
    assert.deepEqual(
      [recent.seconds, recent.hops, recent.candidates, recent.bytes],
      [5, 6_000, 6_000 * 240, 6_000 * 2_100],
    );
  });

  it('tells of each stage the mean and what 99 of 100 stay below', () => {
    const history = new HopHistory();
    history.add(snapshot(1));
    history.add(snapshot(2));
    const stages = history.recent()?.stages;
    // One message of 50 takes ten times as long.
    const near = (found: number | null | undefined, wanted: number) =>
      Math.abs((found ?? 0) - wanted) < wanted * 1e-6;
    assert.ok(near(stages?.compute.mean, 210e-6 * (1 + 9 / 50)));
    assert.ok(near(stages?.queue.mean, 30e-6 * (1 + 9 / 50)));
    // Half way through the bucket from 1 to 2.5 ms in which the slow ones lie.
    assert.ok(near(stages?.compute.p99, 1.75e-3));
  });

  it('is forgotten when the service was started again, or the graph is loaded anew', () => {
    const history = new HopHistory();
    history.add(snapshot(10));
    history.add(snapshot(11));
    history.add({ ...snapshot(1), startedAt: 2 });
    assert.equal(history.recent(), undefined);
    assert.equal(history.sinceStart()?.hops, 1_200);
    history.add({ ...snapshot(2), startedAt: 2, hop: null });
    assert.equal(history.sinceStart(), undefined);
    assert.deepEqual(history.curve(), []);
  });

  it('is known of no time at which nobody looked', () => {
    const history = new HopHistory();
    for (const seconds of [1, 2, 40, 41]) history.add(snapshot(seconds));
    assert.deepEqual(history.curve(), [
      { secondsAgo: 39, rate: 1_200 },
      { secondsAgo: 0, rate: 1_200 },
    ]);
    for (let seconds = 42; seconds <= 200; seconds++) history.add(snapshot(seconds));
    assert.equal(history.curve().length, 61);
  });

  it('has no stage times while nothing goes over it', () => {
    const history = new HopHistory();
    history.add(snapshot(0));
    assert.deepEqual(history.sinceStart()?.stages.queue, { mean: null, p99: null });
  });
});

describe('figures on the page', () => {
  it('have three digits and a unit', () => {
    assert.deepEqual([0, 0.256, 12.34, 999.6, 1_234_567].map(formatFigure), [
      '0',
      '0.256',
      '12.3',
      '1,000',
      '1,234,567',
    ]);
    assert.deepEqual([0, 999, 1_000, 232 * 2 ** 20, 384 * 2 ** 30].map(formatBytes), [
      '0\u00a0B',
      '999\u00a0B',
      '0.977\u00a0KiB',
      '232\u00a0MiB',
      '384\u00a0GiB',
    ]);
    assert.deepEqual([87e-6, 1.24e-3, 2.5].map(formatSeconds), ['87\u00a0µs', '1.24\u00a0ms', '2.5\u00a0s']);
    assert.deepEqual([400, 12_400, 185_000].map(formatAge), ['just now', '12\u00a0s ago', '3\u00a0min ago']);
    assert.deepEqual([0.7999, 0.95, 1].map(formatShare), ['79.9\u00a0%', '95.0\u00a0%', '100.0\u00a0%']);
    assert.deepEqual([[], [4], [0, 1, 2, 8, 10, 11]].map(formatList), ['', '4', '0-2,8,10-11']);
  });
});
