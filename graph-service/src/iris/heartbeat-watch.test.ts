import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { HeartbeatWatch } from './heartbeat-watch.js';

/** Longer than what is overdue. */
const STANDSTILL_MILLISECONDS = 7_000;
/** Enough for timers that are late to come. */
const TURN_MILLISECONDS = 1_500;

describe('the watch for heartbeats', () => {
  let watch: HeartbeatWatch;
  let told: string[];
  beforeEach(() => {
    mock.timers.enable({ apis: ['setInterval'] });
    told = [];
    watch = new HeartbeatWatch({ overdue: () => told.push('overdue'), lost: () => told.push('lost') });
  });
  afterEach(() => {
    watch.stop();
    mock.timers.reset();
  });

  it('tells of 6 s without a heartbeat, and of 20 s, once each', () => {
    mock.timers.tick(5_999);
    assert.deepEqual(told, []);
    mock.timers.tick(1);
    assert.deepEqual(told, ['overdue']);
    mock.timers.tick(13_999);
    assert.deepEqual(told, ['overdue']);
    mock.timers.tick(100_000);
    assert.deepEqual(told, ['overdue', 'lost']);
  });

  it('begins anew with each heartbeat', () => {
    for (let beat = 0; beat < 20; beat++) {
      mock.timers.tick(5_000);
      watch.heard();
    }
    assert.deepEqual(told, []);
    mock.timers.tick(6_000);
    watch.heard();
    mock.timers.tick(6_000);
    assert.deepEqual(told, ['overdue', 'overdue']);
  });

  it('calls nobody silent for time in which this process was itself at a standstill', async () => {
    mock.timers.reset();
    const real = new HeartbeatWatch({ overdue: () => told.push('overdue'), lost: () => told.push('lost') });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STANDSTILL_MILLISECONDS);
    await sleep(TURN_MILLISECONDS);
    real.stop();
    assert.deepEqual(told, []);
  });
});
