import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { InvalidInputError } from '../errors/errors.js';
import { codeBytes, type Columns } from './shape.js';
import { acceptTemplate, CODE_BYTES, countOnes, type Template, type TemplateTerms } from './template.js';

const TERMS: TemplateTerms = { columns: 200, masks: 'refuse' };

function allUsable(columns: Columns = 200): Template {
  const bytes = codeBytes(columns);
  return { irisCodes: new Uint8Array(bytes), maskCodes: new Uint8Array(bytes).fill(0xff) };
}

function refusal(template: Template, terms = TERMS): InvalidInputError {
  try {
    acceptTemplate(template, 'iris.left', terms);
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
    assert.equal(acceptTemplate(half, 'iris.left', TERMS).maskCodes, half.maskCodes);
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
        const { message } = refusal(template);
        assert.match(message, new RegExp(`byte ${bit >> 3} masks`));
        assert.match(message, /maskisduplicated: True in filter_bank and in iris_response_refinement/);
      }),
    );
  });

  it('of the other shape is refused with what to set in Open IRIS', () => {
    const wide = refusal(allUsable(256));
    assert.equal(wide.field, 'iris.left.iris_codes');
    assert.match(
      wide.message,
      /2048 bytes, expected 1600: this population has codes of 200 columns, and this code has 256/,
    );
    assert.match(
      wide.message,
      /set n_cols: 200 in both probe schemas of Open IRIS, or start a population of 256/,
    );
    assert.match(wide.message, /IRISPAIR_COLUMNS=256 or `irispair up --columns 256`/);
    const narrow = refusal(allUsable(200), { ...TERMS, columns: 256 });
    assert.match(narrow.message, /1600 bytes, expected 2048: .*set n_cols: 256 in both probe schemas/);
    acceptTemplate(allUsable(256), 'iris.left', { ...TERMS, columns: 256 });
  });

  it('keeps the pixels of which both parts are usable when masks are combined, its code as it was', () => {
    const combine: TemplateTerms = { columns: 200, masks: 'combine' };
    fc.assert(
      fc.property(fc.uint8Array({ minLength: CODE_BYTES, maxLength: CODE_BYTES }), (bits) => {
        // At least half must remain: three quarters of the mask are usable to begin with.
        const maskCodes = bits.map((byte, index) => (index % 4 === 0 ? byte : 0xff));
        const template = { irisCodes: bits, maskCodes };
        const before = Uint8Array.from(maskCodes);
        const accepted = acceptTemplate(template, 'iris.left', combine);
        assert.equal(accepted.irisCodes, bits);
        assert.deepEqual(maskCodes, before);
        for (let pixel = 0; pixel < CODE_BYTES * 4; pixel++) {
          const part = (mask: Uint8Array, bit: number) => (mask[bit >> 3] >> (7 - (bit & 7))) & 1;
          const both = part(before, 2 * pixel) & part(before, 2 * pixel + 1);
          assert.equal(part(accepted.maskCodes, 2 * pixel), both);
          assert.equal(part(accepted.maskCodes, 2 * pixel + 1), both);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('is refused when too little is left where both parts of a pixel are usable', () => {
    const template = allUsable();
    template.maskCodes.fill(0x55);
    const error = refusal(template, { columns: 200, masks: 'combine' });
    assert.match(error.message, /0 of 12800 bits are usable where both parts of a pixel are, at least 6400/);
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
