import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ratioOf } from './ratio.js';

describe('a ratio of rates', () => {
  it('is compared round by round, whatever the rounds have in common', () => {
    const base = [100, 50, 200, 80];
    const half = ratioOf(
      base.map((rate) => rate / 2),
      base,
    );
    for (const figure of [half.mean, half.low, half.high]) assert.ok(Math.abs(figure - 0.5) < 1e-12);
  });

  it('reaches as far as Student says', () => {
    const logs = [-0.4, -0.3, -0.2, -0.1, 0, 0, 0.1, 0.2, 0.3, 0.4];
    const { mean, high } = ratioOf(logs.map(Math.exp), Array<number>(logs.length).fill(1));
    assert.ok(Math.abs(mean - 1) < 1e-12);
    const deviation = Math.sqrt(0.6 / 9);
    // The tables' quantile for nine degrees of freedom.
    assert.ok(Math.abs(Math.log(high) - (2.262 * deviation) / Math.sqrt(10)) < 1e-3);
  });
});
