/**
 * In which form a store holds irises: templates in plain mode, one party's shares of them in secret-shared mode.
 *
 * The table `irises` has four columns in both; a record is what arenas and the embedded store hold.
 */
import { codeBytes, type Columns } from '@irispair/common/iris/shape';
import { CODE_SHARE_BYTES, MASK_SHARE_BYTES, SHARED_COLUMNS } from '@irispair/common/iris/share';
import { decodeRecord, encodeRecord, irisRecordBytes } from '@irispair/native/records';
import { SHARED_IRIS_RECORD_BYTES } from '@irispair/native/shared-engine-types';
import type { StoreIdentity } from './iris-store.js';

/** left_code, left_mask, right_code, right_mask. */
export type IrisColumns = readonly [Uint8Array, Uint8Array, Uint8Array, Uint8Array];

/** One form. */
export interface RecordForm {
  readonly mode: StoreIdentity['mode'];
  /** Of every code. */
  readonly columns: Columns;
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

function plainForm(columns: Columns): RecordForm {
  const bytes = codeBytes(columns);
  return {
    mode: 'plain',
    columns,
    holds: 'irises in the clear',
    columnBytes: [bytes, bytes, bytes, bytes],
    recordBytes: irisRecordBytes(columns),
    recordOf: ([leftCode, leftMask, rightCode, rightMask]) =>
      encodeRecord(
        {
          left: { irisCodes: leftCode, maskCodes: leftMask },
          right: { irisCodes: rightCode, maskCodes: rightMask },
        },
        columns,
      ),
    columnsOf(record) {
      const { left, right } = decodeRecord(record, columns);
      return [left.irisCodes, left.maskCodes, right.irisCodes, right.maskCodes];
    },
  };
}

const PLAIN_FORMS: Readonly<Record<Columns, RecordForm>> = { 200: plainForm(200), 256: plainForm(256) };

const LEFT_MASK = CODE_SHARE_BYTES;
const RIGHT_CODE = LEFT_MASK + MASK_SHARE_BYTES;
const RIGHT_MASK = RIGHT_CODE + CODE_SHARE_BYTES;

/** Shares are of codes of one shape. */
export const SHARED_FORM: RecordForm = {
  mode: 'shared',
  columns: SHARED_COLUMNS,
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
export const RECORD_FORMS: readonly RecordForm[] = [...Object.values(PLAIN_FORMS), SHARED_FORM];

/** The form of a store's irises. */
export function recordFormOf({ mode, columns }: Pick<StoreIdentity, 'mode' | 'columns'>): RecordForm {
  return mode === 'plain' ? PLAIN_FORMS[columns] : SHARED_FORM;
}
