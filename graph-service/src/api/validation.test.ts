import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InvalidInputError } from '@irispair/common/errors/errors';
import { codeBytes } from '@irispair/common/iris/shape';
import { CODE_BYTES, type TemplateTerms } from '@irispair/common/iris/template';
import type * as api from '@irispair/proto/public';
import { checkDelete, checkSearch, checkVerify } from './validation.js';

const TEMPLATE: api.Template = {
  irisCodes: Buffer.alloc(CODE_BYTES, 0x5a),
  maskCodes: Buffer.alloc(CODE_BYTES, 0xff),
};
const TERMS: TemplateTerms = { columns: 200, masks: 'refuse' };
const IRIS: api.Iris = { left: TEMPLATE, right: TEMPLATE };

/** Masks that leave too few bits, and that part a pixel. */
const TOO_FEW = Buffer.alloc(CODE_BYTES, 0x03);
const ONE_PART = Buffer.alloc(CODE_BYTES, 0xfe);

/** Wrong irises by the field that must be named. */
const WRONG_IRISES: readonly [field: string, iris: api.Iris | undefined][] = [
  ['iris', undefined],
  ['iris.left', { ...IRIS, left: undefined }],
  ['iris.right', { ...IRIS, right: undefined }],
  ['iris.left.iris_codes', { ...IRIS, left: { ...TEMPLATE, irisCodes: Buffer.alloc(0) } }],
  ['iris.right.iris_codes', { ...IRIS, right: { ...TEMPLATE, irisCodes: Buffer.alloc(CODE_BYTES + 1) } }],
  ['iris.left.mask_codes', { ...IRIS, left: { ...TEMPLATE, maskCodes: Buffer.alloc(CODE_BYTES - 1) } }],
  ['iris.left.mask_codes', { ...IRIS, left: { ...TEMPLATE, maskCodes: TOO_FEW } }],
  ['iris.right.mask_codes', { ...IRIS, right: { ...TEMPLATE, maskCodes: ONE_PART } }],
];

const WRONG_SERIALS = [0, -1, 1.5, 2 ** 32, NaN];

function refusedField(check: () => unknown): string {
  try {
    check();
  } catch (error) {
    assert.ok(error instanceof InvalidInputError, String(error));
    assert.ok(error.message.startsWith(`${error.field}: `));
    return error.field;
  }
  return assert.fail('the request was accepted');
}

describe('a request from outside', () => {
  it('is accepted when everything is right', () => {
    assert.deepEqual(checkSearch('enroll', { iris: IRIS, orList: [3, 0xffff_ffff] }, TERMS), {
      kind: 'enroll',
      iris: IRIS,
      orList: [3, 0xffff_ffff],
    });
    assert.equal(checkSearch('search', { iris: IRIS, orList: [] }, TERMS).kind, 'search');
    assert.deepEqual(checkVerify('reauthenticate', { serialId: 7, iris: IRIS }, TERMS), {
      kind: 'reauthenticate',
      serialId: 7,
      iris: IRIS,
    });
    assert.deepEqual(checkDelete({ serialId: 1 }), { kind: 'delete', serialId: 1 });
  });

  it('is refused by the field of the iris that is wrong, whatever it asks', () => {
    for (const [field, iris] of WRONG_IRISES) {
      assert.equal(
        refusedField(() => checkSearch('enroll', { iris, orList: [] }, TERMS)),
        field,
      );
      assert.equal(
        refusedField(() => checkVerify('verify', { serialId: 1, iris }, TERMS)),
        field,
      );
    }
  });

  it('is of the shape that the population has, and by default of masks that are combined', () => {
    const wide: api.Template = {
      irisCodes: Buffer.alloc(codeBytes(256), 0x5a),
      maskCodes: Buffer.alloc(codeBytes(256), 0xff),
    };
    // The first pixel has only its real part, the second only its imaginary one.
    wide.maskCodes[0] = 0b1001_1111;
    const terms: TemplateTerms = { columns: 256, masks: 'combine' };
    const ask = checkSearch('enroll', { iris: { left: wide, right: wide }, orList: [] }, terms);
    assert.ok(ask.kind === 'enroll');
    assert.deepEqual([...ask.iris.left.maskCodes.subarray(0, 2)], [0b0000_1111, 0xff]);
    assert.equal(wide.maskCodes[0], 0b1001_1111);
    assert.equal(
      refusedField(() => checkSearch('enroll', { iris: IRIS, orList: [] }, terms)),
      'iris.left.iris_codes',
    );
  });

  it('is refused by a serial id out of range', () => {
    for (const serialId of WRONG_SERIALS) {
      assert.equal(
        refusedField(() => checkVerify('verify', { serialId, iris: IRIS }, TERMS)),
        'serial_id',
      );
      assert.equal(
        refusedField(() => checkDelete({ serialId })),
        'serial_id',
      );
      assert.equal(
        refusedField(() => checkSearch('search', { iris: IRIS, orList: [5, 6, serialId] }, TERMS)),
        'or_list[2]',
      );
    }
  });

  it('is refused by an OR-list that is longer than 1,024', () => {
    const orList = (length: number) => Array.from({ length }, (_, index) => index + 1);
    checkSearch('enroll', { iris: IRIS, orList: orList(1_024) }, TERMS);
    assert.equal(
      refusedField(() => checkSearch('enroll', { iris: IRIS, orList: orList(1_025) }, TERMS)),
      'or_list',
    );
  });
});
