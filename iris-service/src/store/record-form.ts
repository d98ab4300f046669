/**
 * In which form a store holds irises: templates in plain mode, one party's shares of them in secret-shared mode.
 *
 * The table `irises` has four columns in both; a record is what arenas and the embedded store hold.
 */
import { CODE_BYTES } from '@irispair/common/iris/template';
import { CODE_SHARE_BYTES, MASK_SHARE_BYTES } from '@irispair/common/iris/share';
import { IRIS_RECORD_BYTES } from '@irispair/native/engine-types';
import { decodeRecord, encodeRecord } from '@irispair/native/records';
import { SHARED_IRIS_RECORD_BYTES } from '@irispair/native/shared-engine-types';
import type { StoreIdentity } from './iris-store.js';

/** left_code, left_mask, right_code, right_mask. */
export type IrisColumns = readonly [Uint8Array, Uint8Array, Uint8Array, Uint8Array];

/** One form. */
export interface RecordForm {
  readonly mode: StoreIdentity['mode'];
  /** What its irises are, for people. */
  readonly holds: string;
  /** Bytes of each column. */
  readonly columnBytes: readonly [number, number, number, number];
  /** Bytes of a record. */
  readonly recordBytes: number;
  /** @param columns of the right lengths */
  recordOf(columns: IrisColumns): Buffer;
  columnsOf(record: Uint8Array): IrisColumns;
}

const PLAIN_FORM: RecordForm = {
  mode: 'plain',
  holds: 'irises in the clear',
  columnBytes: [CODE_BYTES, CODE_BYTES, CODE_BYTES, CODE_BYTES],
  recordBytes: IRIS_RECORD_BYTES,
  recordOf: ([leftCode, leftMask, rightCode, rightMask]) =>
    encodeRecord({
      left: { irisCodes: leftCode, maskCodes: leftMask },
      right: { irisCodes: rightCode, maskCodes: rightMask },
    }),
  columnsOf(record) {
    const { left, right } = decodeRecord(record);
    return [left.irisCodes, left.maskCodes, right.irisCodes, right.maskCodes];
  },
};

const LEFT_MASK = CODE_SHARE_BYTES;
const RIGHT_CODE = LEFT_MASK + MASK_SHARE_BYTES;
const RIGHT_MASK = RIGHT_CODE + CODE_SHARE_BYTES;

const SHARED_FORM: RecordForm = {
  mode: 'shared',
  holds: "one party's shares of irises",
  columnBytes: [CODE_SHARE_BYTES, MASK_SHARE_BYTES, CODE_SHARE_BYTES, MASK_SHARE_BYTES],
  recordBytes: SHARED_IRIS_RECORD_BYTES,
  recordOf: (columns) => Buffer.concat(columns),
  columnsOf: (record) => [
    record.subarray(0, LEFT_MASK),
    record.subarray(LEFT_MASK, RIGHT_CODE),
    record.subarray(RIGHT_CODE, RIGHT_MASK),
    record.subarray(RIGHT_MASK),
  ],
};

/** Every form. */
export const RECORD_FORMS: readonly RecordForm[] = [PLAIN_FORM, SHARED_FORM];

/** The form of a store's irises. */
export function recordFormOf({ mode }: Pick<StoreIdentity, 'mode'>): RecordForm {
  return mode === 'plain' ? PLAIN_FORM : SHARED_FORM;
}
