import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parametersFor } from './parameters.js';

const SIZE = fc.oneof(fc.integer({ min: 0, max: 30_000 }), fc.integer({ min: 0, max: 50_000_000 }));

describe('the parameters', () => {
  it('never shrink with the size, and ef is never below M', () => {
    fc.assert(
      fc.property(SIZE, SIZE, (one, other) => {
        const small = parametersFor(Math.min(one, other), {});
        const large = parametersFor(Math.max(one, other), {});
        for (const name of ['m', 'mMax', 'ef'] as const) assert.ok(small[name] <= large[name]);
        assert.ok(small.ef >= small.m && small.mMax >= small.m);
      }),
    );
  });

  it('change where the table says', () => {
    assert.equal(parametersFor(5_000, {}).mMax, 128);
    assert.equal(parametersFor(5_001, {}).mMax, 256);
    assert.equal(parametersFor(1_000_001, {}).m, 256);
  });

  it('are as the operator fixed them; M_max follows a fixed M, and ef is raised to it', () => {
    assert.deepEqual(parametersFor(100, { m: 100 }), { m: 100, mMax: 200, ef: 100 });
    assert.deepEqual(parametersFor(100, { m: 10, mMax: 12, ef: 400 }), { m: 10, mMax: 12, ef: 400 });
    assert.deepEqual(parametersFor(100, { mMax: 50 }), { m: 32, mMax: 50, ef: 64 });
  });
});
