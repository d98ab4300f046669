import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { InvalidInputError } from '../errors/errors.js';
import { checkTemplate, CODE_BYTES, countOnes, type Template } from './template.js';

function allUsable(): Template {
  return { irisCodes: new Uint8Array(CODE_BYTES), maskCodes: new Uint8Array(CODE_BYTES).fill(0xff) };
}

function refusal(template: Template): InvalidInputError {
  try {
    checkTemplate(template, 'iris.left');
  } catch (error) {
    assert.ok(error instanceof InvalidInputError);
    return error;
  }
  return assert.fail('the template was accepted');
}

describe('a template from outside', () => {
  it('is accepted with exactly half of its bits usable', () => {
    const half = allUsable();
    half.maskCodes.fill(0, CODE_BYTES / 2);
    checkTemplate(half, 'iris.left');
  });

  it('is refused with two bits fewer, telling to capture again', () => {
    const template = allUsable();
    template.maskCodes.fill(0, CODE_BYTES / 2);
    template.maskCodes[0] = 0x3f;
    const error = refusal(template);
    assert.equal(error.field, 'iris.left.mask_codes');
    assert.match(error.message, /6398 of 12800 bits are usable, at least 6400/);
  });

  it('is refused when a code or a mask has another length', () => {
    const short = refusal({ ...allUsable(), irisCodes: new Uint8Array(CODE_BYTES - 1) });
    assert.equal(short.field, 'iris.left.iris_codes');
    assert.match(short.message, /1599 bytes, expected 1600/);
    assert.equal(refusal({ ...allUsable(), maskCodes: new Uint8Array() }).field, 'iris.left.mask_codes');
  });

  it('is refused wherever the parts of one pixel are masked differently', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: CODE_BYTES * 8 - 1 }), (bit) => {
        const template = allUsable();
        template.maskCodes[bit >> 3] ^= 0x80 >> (bit & 7);
        assert.match(refusal(template).message, new RegExp(`byte ${bit >> 3} masks`));
      }),
    );
  });
});

describe('countOnes', () => {
  it('agrees with counting digits', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const digits = Array.from(bytes, (byte) => byte.toString(2)).join('');
        assert.equal(countOnes(bytes), digits.replaceAll('0', '').length);
      }),
    );
  });
});
