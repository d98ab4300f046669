import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { COLUMNS } from '@irispair/common/iris/shape';
import { encodeRecord } from '@irispair/native/records';
import { SHARED_IRIS_RECORD_BYTES } from '@irispair/native/shared-engine-types';
import { irisOf } from '../support/irises.js';
import { RECORD_FORMS, recordFormOf } from './record-form.js';

describe('the form of a record', () => {
  it('takes columns apart and puts them together again, in either mode', () => {
    for (const columns of COLUMNS) {
      const { left, right } = irisOf('somebody', columns);
      const plain = recordFormOf({ mode: 'plain', columns });
      const parts = [left.irisCodes, left.maskCodes, right.irisCodes, right.maskCodes] as const;
      const record = plain.recordOf(parts);
      assert.deepEqual(record, encodeRecord({ left, right }, columns));
      assert.deepEqual(
        plain.columnsOf(record).map((part) => Buffer.from(part)),
        parts.map((part) => Buffer.from(part)),
      );
    }
    const shared = recordFormOf({ mode: 'shared', columns: 200 });
    assert.equal(shared.recordBytes, SHARED_IRIS_RECORD_BYTES);
    const share = randomBytes(SHARED_IRIS_RECORD_BYTES);
    assert.deepEqual(shared.recordOf(shared.columnsOf(share)), share);
    for (const form of RECORD_FORMS) {
      const { mode, columns } = form;
      const record = mode === 'plain' ? encodeRecord(irisOf('somebody', columns), columns) : share;
      assert.equal(record.byteLength, form.recordBytes);
      assert.deepEqual(
        form.columnsOf(record).map(({ byteLength }) => byteLength),
        form.columnBytes,
      );
    }
  });
});
