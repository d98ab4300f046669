import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MisconfiguredError } from '../errors/errors.js';
import { isMatch, matchLimit } from './threshold.js';

describe('the match rule', () => {
  it('uses floor((1 - 2t) * 65,536)', () => {
    assert.equal(matchLimit(0.375), 16_384);
    assert.equal(matchLimit(0.345), 20_316);
    assert.equal(matchLimit(1e-9), 65_535);
  });

  it('is strict: a pair exactly at the threshold does not match', () => {
    const limit = matchLimit(0.375);
    assert.equal(isMatch(3_750, 10_000, limit), false);
    assert.equal(isMatch(3_749, 10_000, limit), true);
  });

  it('never matches a pair without a common bit', () => {
    assert.equal(isMatch(0, 0, matchLimit(0.375)), false);
  });

  it('matches a capture with itself at every threshold', () => {
    assert.equal(isMatch(0, 10_000, matchLimit(1e-9)), true);
  });

  for (const threshold of [-0.1, 0, 0.5, Number.NaN]) {
    it(`refuses the threshold ${threshold}`, () => {
      assert.throws(() => matchLimit(threshold), MisconfiguredError);
    });
  }
});
