import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { IdleTime } from './idle-time.js';

describe('idle time', () => {
  it('is none while a run does not wait', async () => {
    const idle = new IdleTime(2);
    await idle.during(sleep(5));
    assert.equal(idle.milliseconds, 0);
  });

  it('is what all that still run wait at once', async () => {
    const idle = new IdleTime(3);
    await Promise.all([idle.during(sleep(5)), idle.during(sleep(5)), idle.during(sleep(5))]);
    const ofThree = idle.milliseconds;
    assert.ok(ofThree > 0);
    idle.end();
    await idle.during(sleep(5));
    assert.equal(idle.milliseconds, ofThree);
    await Promise.all([idle.during(sleep(5)), idle.during(sleep(5))]);
    assert.ok(idle.milliseconds > ofThree);
  });

  it('ends with the last run, and counts a failed wait', async () => {
    const idle = new IdleTime(1);
    await assert.rejects(idle.during(sleep(5).then(() => Promise.reject(new Error('gone')))));
    const so = idle.milliseconds;
    assert.ok(so > 0);
    idle.end();
    await sleep(5);
    assert.equal(idle.milliseconds, so);
  });
});
