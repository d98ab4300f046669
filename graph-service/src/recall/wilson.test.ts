import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { shareOf } from './wilson.js';

describe('the interval of a share', () => {
  it('is that of the literature', () => {
    // R: binom::binom.confint(x, n, methods = "wilson"), and Wilson's own figures.
    const known: [found: number, expected: number, lower: number, upper: number][] = [
      [10, 10, 0.7225, 1],
      [0, 10, 0, 0.2775],
      [5, 10, 0.2366, 0.7634],
      [81, 263, 0.2553, 0.3662],
      [995, 1_000, 0.9884, 0.9979],
    ];
    for (const [found, expected, lower, upper] of known) {
      const share = shareOf({ expected, found });
      assert.ok(Math.abs(share.lower - lower) < 1e-4, `${found} of ${expected}: ${share.lower}`);
      assert.ok(Math.abs(share.upper - upper) < 1e-4, `${found} of ${expected}: ${share.upper}`);
      assert.equal(share.share, found / expected);
    }
  });

  it('holds the share, lies within 0 and 1, and solves the score equation', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), fc.nat(), (expected, any) => {
        const found = any % (expected + 1);
        const { share, lower, upper } = shareOf({ expected, found });
        assert.ok(lower >= 0 && lower <= share && share <= upper && upper <= 1);
        for (const bound of [lower, upper]) {
          if (bound === 0 || bound === 1) continue;
          const score = Math.abs(share - bound) / Math.sqrt((bound * (1 - bound)) / expected);
          assert.ok(Math.abs(score - 1.959964) < 1e-3, `${found} of ${expected}: ${score}`);
        }
      }),
    );
  });

  it('is anything while nobody was to be found', () => {
    assert.deepEqual(shareOf({ expected: 0, found: 0 }), {
      expected: 0,
      found: 0,
      share: 0,
      lower: 0,
      upper: 1,
    });
  });
});
