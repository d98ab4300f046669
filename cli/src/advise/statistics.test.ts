import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { correlate, estimateChange, estimateMean, studentQuantile } from './statistics.js';

function near(found: number | null | undefined, wanted: number, within = 1e-3): void {
  assert.ok(
    found !== null && found !== undefined && Math.abs(found - wanted) <= within,
    `${found ?? 'none'} is not ${wanted}`,
  );
}

describe('Student’s t-distribution', () => {
  it('has the quantiles of the published tables', () => {
    const table: [number, number, number][] = [
      [0.95, 1, 12.706],
      [0.95, 2, 4.303],
      [0.95, 3, 3.182],
      [0.95, 4, 2.776],
      [0.95, 5, 2.571],
      [0.95, 9, 2.262],
      [0.95, 30, 2.042],
      [0.99, 4, 4.604],
      [0.99, 7, 3.499],
      [0.9, 2, 2.92],
    ];
    for (const [probability, degrees, wanted] of table) near(studentQuantile(probability, degrees), wanted);
  });

  it('nears the normal distribution', () => {
    near(studentQuantile(0.95, 100_000), 1.96, 1e-2);
  });
});

describe('a mean over rounds', () => {
  it('has the interval that a textbook gives', () => {
    // 4 values, mean 5, standard deviation 1.826, standard error 0.913, t 3.182.
    const estimate = estimateMean([3, 7, 4, 6]);
    near(estimate?.mean, 5);
    near(estimate?.low, 5 - 2.905, 2e-3);
    near(estimate?.high, 5 + 2.905, 2e-3);
    assert.equal(estimate?.rounds, 4);
  });

  it('of one round has no interval, of none is none', () => {
    assert.deepEqual(estimateMean([3]), { mean: 3, low: null, high: null, rounds: 1 });
    assert.equal(estimateMean([]), null);
  });

  it('lies within its interval, which narrows to nothing when all rounds are alike', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 2 }), (rounds) => {
        const estimate = estimateMean(rounds);
        assert.ok(estimate?.low != null && estimate.high !== null);
        assert.ok(estimate.low <= estimate.mean && estimate.mean <= estimate.high);
      }),
    );
    assert.deepEqual(estimateMean([2, 2, 2]), { mean: 2, low: 2, high: 2, rounds: 3 });
  });
});

describe('a change', () => {
  it('is that of the ratio, round by round: a drift that hits both drops out', () => {
    const change = estimateChange([
      [110, 100],
      [55, 50],
      [11, 10],
    ]);
    near(change?.mean, 0.1, 1e-9);
    near(change?.low, 0.1, 1e-9);
    near(change?.high, 0.1, 1e-9);
  });

  it('turned round is the inverse', () => {
    const positive = fc.double({ min: 1, max: 100, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(positive, positive), { minLength: 3, maxLength: 8 }), (pairs) => {
        const there = estimateChange(pairs);
        const back = estimateChange(pairs.map(([first, second]) => [second, first]));
        assert.ok(there !== null && back !== null);
        near((1 + there.mean) * (1 + back.mean), 1, 1e-9);
        near(Math.log1p(there.low ?? NaN) + Math.log1p(back.high ?? NaN), 0, 1e-6);
      }),
    );
  });

  it('leaves out rounds in which there is no ratio', () => {
    assert.equal(
      estimateChange([
        [0, 10],
        [10, 0],
      ]),
      null,
    );
    assert.equal(
      estimateChange([
        [0, 10],
        [12, 10],
      ])?.rounds,
      1,
    );
  });
});

describe('a correlation', () => {
  it('is 1 for what rises together, however bent, and -1 for what falls', () => {
    const series = [1, 2, 3, 4, 5, 6];
    near(correlate(series, [1, 4, 9, 16, 25, 1_000]).coefficient, 1, 1e-9);
    near(correlate(series, [0, -1, -2, -9, -10, -11]).coefficient, -1, 1e-9);
  });

  it('gives ties their middle rank', () => {
    // Ranks 1.5 1.5 3 4 5 and 1 2.5 2.5 4 5: worked by hand.
    near(correlate([0, 0, 1, 2, 3], [0, 1, 1, 2, 3]).coefficient, 8.75 / 9.5, 1e-9);
  });

  it('is not told of a series that does not vary, or of a handful of windows', () => {
    assert.deepEqual(correlate([0, 0, 0, 0, 0], [1, 2, 3, 4, 5]), { coefficient: null, windows: 5 });
    assert.deepEqual(correlate([1, 2, 3], [1, 2, 3]), { coefficient: null, windows: 3 });
    assert.throws(() => correlate([1], [1, 2]), RangeError);
  });

  it('is between -1 and 1, and the same either way', () => {
    const pair = fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 }));
    fc.assert(
      fc.property(fc.array(pair), (pairs) => {
        const first = pairs.map(([one]) => one);
        const second = pairs.map(([, other]) => other);
        const { coefficient } = correlate(first, second);
        assert.ok(coefficient === null || (coefficient >= -1 && coefficient <= 1));
        const back = correlate(second, first).coefficient;
        if (coefficient !== null) near(back, coefficient, 1e-9);
        else assert.equal(back, null);
      }),
    );
  });
});
