import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readDecimal, readInteger } from './number.js';

/** What `Number()` takes and a person never means as a number. */
const BLANKS_AND_OTHER_FORMS = ['', ' ', '\t', '\n', ' 5', '5 ', '0x0', '0b1', '0o7', '+5', '5_000', '0,375'];
const NOT_NUMBERS = ['NaN', 'Infinity', '-Infinity', 'five', '5a', '.', '-', 'e3', '٣'];

describe('a number in a setting', () => {
  it('is an integer within its range', () => {
    assert.equal(readInteger('0', 0, 9), 0);
    assert.equal(readInteger('-3', -3, 9), -3);
    assert.equal(readInteger('9', 0, 9), 9);
    assert.equal(readInteger('10', 0, 9), undefined);
    assert.equal(readInteger('-1', 0, 9), undefined);
    assert.equal(readInteger('1.5', 0, 9), undefined);
    assert.equal(readInteger('1e3', 0, 9_999), undefined);
  });

  it('is a decimal number', () => {
    assert.equal(readDecimal('0.375'), 0.375);
    assert.equal(readDecimal('-1'), -1);
    assert.equal(readDecimal('1e-3'), 0.001);
    assert.equal(readDecimal('1e999'), undefined);
  });

  it('is nothing that Number() takes besides', () => {
    for (const text of [...BLANKS_AND_OTHER_FORMS, ...NOT_NUMBERS]) {
      assert.equal(readInteger(text, -1e9, 1e9), undefined, JSON.stringify(text));
      assert.equal(readDecimal(text), undefined, JSON.stringify(text));
    }
  });

  it('is read back from what was written', () => {
    fc.assert(
      fc.property(fc.integer(), (value) => {
        assert.equal(readInteger(String(value), value, value), value);
      }),
    );
    fc.assert(
      fc.property(fc.double({ min: -1e9, max: 1e9, noNaN: true }), (value) => {
        assert.equal(readDecimal(String(value)), value === 0 ? Number(String(value)) : value);
      }),
    );
  });
});
