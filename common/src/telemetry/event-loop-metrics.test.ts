import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { EventLoopWatch } from './event-loop-metrics.js';

const BLOCKED_MILLISECONDS = 120;

const registry = new Registry();
let watch: EventLoopWatch;
before(() => {
  watch = new EventLoopWatch(registry);
});
after(() => {
  watch.close();
});

async function figure(sample: string): Promise<number> {
  const line = (await registry.metrics()).split('\n').find((one) => one.startsWith(`${sample} `));
  return Number(line?.slice(sample.length + 1) ?? NaN);
}

it('a blocked event loop is seen as a delay and as a slow poll, in its length', async () => {
  await sleep(50);
  const before100 = await figure('job_slow_poll_duration_ms_bucket{le="100"}');
  const slow = await figure('job_slow_poll_duration_ms_count');
  const sum = await figure('irispair_event_loop_delay_seconds_sum');
  const end = performance.now() + BLOCKED_MILLISECONDS;
  while (performance.now() < end);
  await sleep(50);
  const longSlow = (await figure('job_slow_poll_duration_ms_count')) - slow;
  const under100 = (await figure('job_slow_poll_duration_ms_bucket{le="100"}')) - before100;
  assert.ok(longSlow > under100, `${longSlow} slow polls, ${under100} of them under 100 ms`);
  assert.ok((await figure('irispair_event_loop_delay_seconds_sum')) - sum > 0.1);
  assert.ok((await figure('irispair_event_loop_delay_seconds_count')) > longSlow);
  assert.ok((await figure('irispair_event_loop_busy_seconds_total')) > BLOCKED_MILLISECONDS / 1_000);
});
