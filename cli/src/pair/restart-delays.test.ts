import assert from 'node:assert/strict';
import { it } from 'node:test';
import { RestartDelays } from './restart-delays.js';

it('starts a service again ever later while it keeps ending, up to a minute, and soon again once it ran well', () => {
  let now = 0;
  const delays = new RestartDelays(() => now);
  const endsAfter = (milliseconds: number): number => {
    now += milliseconds;
    const delay = delays.ended();
    now += delay;
    delays.started();
    return delay;
  };
  assert.deepEqual(
    Array.from({ length: 9 }, () => endsAfter(300)),
    [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000],
  );
  assert.equal(endsAfter(60_000), 1_000);
  assert.equal(endsAfter(300), 2_000);
});
