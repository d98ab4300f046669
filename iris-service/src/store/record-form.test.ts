import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { encodeRecord } from '@irispair/native/records';
import { SHARED_IRIS_RECORD_BYTES } from '@irispair/native/shared-engine-types';
import { irisOf } from '../support/irises.js';
import { RECORD_FORMS, recordFormOf } from './record-form.js';

describe('the form of a record', () => {
  it('takes columns apart and puts them together again, in either mode', () => {
    const { left, right } = irisOf('somebody');
    const plain = recordFormOf({ mode: 'plain' });
    const columns = [left.irisCodes, left.maskCodes, right.irisCodes, right.maskCodes] as const;
    assert.deepEqual(plain.recordOf(columns), encodeRecord({ left, right }));
    const shared = recordFormOf({ mode: 'shared' });
    assert.equal(shared.recordBytes, SHARED_IRIS_RECORD_BYTES);
    const share = randomBytes(SHARED_IRIS_RECORD_BYTES);
    assert.deepEqual(shared.recordOf(shared.columnsOf(share)), share);
    for (const form of RECORD_FORMS) {
      const record = form.mode === 'plain' ? encodeRecord({ left, right }) : share;
      assert.equal(record.byteLength, form.recordBytes);
      assert.deepEqual(
        form.columnsOf(record).map(({ byteLength }) => byteLength),
        form.columnBytes,
      );
    }
  });
});
