import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { InvalidInputError } from '../errors/errors.js';
import { packVectorIds, serialId, unpackVectorIds, version, type VectorId } from './vector-id.js';

const vectorIds = fc.array(
  fc
    .tuple(fc.integer({ min: 1, max: 0xffff_ffff }), fc.integer({ min: 0, max: 0xffff }))
    .map(([serial, count]): VectorId => ({ serialId: serialId(serial), version: version(count) })),
);

describe('packed VectorIds', () => {
  it('come back as they were, at any alignment', () => {
    fc.assert(
      fc.property(vectorIds, fc.integer({ min: 0, max: 7 }), (ids: VectorId[], shift: number) => {
        const packed = packVectorIds(ids);
        const moved = new Uint8Array(packed.byteLength + shift);
        moved.set(packed, shift);
        assert.deepEqual(unpackVectorIds(moved.subarray(shift)), ids);
      }),
    );
  });

  it('are little-endian: serial id, then version', () => {
    assert.equal(
      packVectorIds([{ serialId: serialId(0x01020304), version: version(5) }]).toString('hex'),
      '0403020105000000',
    );
  });

  it('are refused when cut short, with the field and the remedy', () => {
    assert.throws(
      () => unpackVectorIds(new Uint8Array(9), 'steps[2].candidates'),
      (error) =>
        error instanceof InvalidInputError &&
        error.field === 'steps[2].candidates' &&
        error.message.includes('send 8 bytes for each'),
    );
  });

  it('are refused when an id is out of range', () => {
    assert.throws(() => unpackVectorIds(new Uint8Array(8)), /0 is not a serial id/);
    assert.throws(() => unpackVectorIds(Buffer.from('0100000000000100', 'hex')), /65536 is not a version/);
  });
});

describe('ids from outside', () => {
  for (const value of [0, -1, 1.5, 2 ** 32, Number.NaN]) {
    it(`refuses serial id ${value}`, () => {
      assert.throws(() => serialId(value, 'serial_id'), InvalidInputError);
    });
  }
});
