import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { Registry } from 'prom-client';
import { addBuckets, countValue, noValues, type Buckets } from './buckets.js';
import { onceAScrape, readCounter, readGauge, readHistogram } from './read-metrics.js';

const BOUNDS = [1, 5] as const;

function bucketsOf(...values: number[]): Buckets {
  const buckets = noValues(BOUNDS);
  for (const value of values) countValue(buckets, BOUNDS, value);
  return buckets;
}

describe('a metric that is read', () => {
  let registry: Registry;
  beforeEach(() => {
    registry = new Registry();
  });

  async function lines(): Promise<string[]> {
    return (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('# HELP'));
  }

  it('shows what is so now, not what was', async () => {
    let full = 3;
    let sides = ['left', 'right'];
    readGauge(registry, { name: 'full', help: 'x' }, () => full);
    readCounter(registry, { name: 'done_total', help: 'x', labelNames: ['side'] }, () =>
      Promise.resolve(sides.map((side) => ({ labels: { side }, value: full }))),
    );
    assert.deepEqual(await lines(), [
      '# TYPE full gauge',
      'full 3',
      '# TYPE done_total counter',
      'done_total{side="left"} 3',
      'done_total{side="right"} 3',
    ]);
    full = 2;
    sides = ['right'];
    assert.deepEqual(await lines(), [
      '# TYPE full gauge',
      'full 2',
      '# TYPE done_total counter',
      'done_total{side="right"} 2',
    ]);
  });

  it('shares one reading with others of the same scrape, and with none of the next', async () => {
    let readings = 0;
    const read = onceAScrape(() => (readings += 1));
    readGauge(registry, { name: 'part', help: 'x' }, read);
    readCounter(registry, { name: 'whole_total', help: 'x' }, read);
    assert.deepEqual(await lines(), [
      '# TYPE part gauge',
      'part 1',
      '# TYPE whole_total counter',
      'whole_total 1',
    ]);
    assert.deepEqual(await lines(), [
      '# TYPE part gauge',
      'part 2',
      '# TYPE whole_total counter',
      'whole_total 2',
    ]);
  });

  it('shows nothing, not zero, of what is not known', async () => {
    readGauge(registry, { name: 'full', help: 'x' }, () => undefined);
    readCounter(registry, { name: 'done_total', help: 'x' }, () => undefined);
    assert.deepEqual(await lines(), ['# TYPE full gauge', '# TYPE done_total counter']);
  });

  it('shows buckets as a histogram does', async () => {
    readHistogram(registry, { name: 'size', help: 'x', bounds: BOUNDS, labelNames: ['side'] }, () => [
      { labels: { side: 'left' }, value: bucketsOf(0.5, 1, 4, 7, 8) },
    ]);
    assert.deepEqual(await lines(), [
      '# TYPE size histogram',
      'size_bucket{side="left",le="1"} 2',
      'size_bucket{side="left",le="5"} 3',
      'size_bucket{side="left",le="+Inf"} 5',
      'size_sum{side="left"} 20.5',
      'size_count{side="left"} 5',
    ]);
    assert.equal((await registry.getMetricsAsJSON())[0].values.length, 5);
  });

  it('is added up over several who count', () => {
    assert.deepEqual(
      addBuckets(BOUNDS, [bucketsOf(1), bucketsOf(2, 9), noValues(BOUNDS)]),
      bucketsOf(1, 2, 9),
    );
  });
});
