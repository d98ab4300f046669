import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLogger } from '@irispair/common/log/logger';
import { Registry } from 'prom-client';
import { LoadProgress } from './load-progress.js';

describe('the progress of loading', () => {
  it('is a metric', async () => {
    const registry = new Registry();
    const progress = new LoadProgress(registry, createLogger('iris', 'silent'));
    const figures = async (): Promise<Record<string, number>> =>
      Object.fromEntries(
        (await registry.getMetricsAsJSON()).map(({ name, values }) => [
          name.replace('irispair_store_load_', ''),
          values[0].value,
        ]),
      );
    assert.deepEqual(await figures(), { expected_irises: 0, loaded_irises: 0, seconds: 0 });
    progress.begin(3);
    progress.step();
    progress.step();
    const { expected_irises: expected, loaded_irises: loaded, seconds } = await figures();
    assert.deepEqual([expected, loaded], [3, 2]);
    assert.ok(seconds > 0);
    progress.step();
    progress.end();
    const end = await figures();
    assert.equal(end.loaded_irises, 3);
    assert.deepEqual(await figures(), end, 'the clock stands when all are loaded');
  });
});
