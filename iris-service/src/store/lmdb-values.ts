/**
 * What the embedded store keeps of an iris, in the table of irises and in the journal alike: 8 bytes of header (state u8, form u8,
 * version u16, checksum u32) and the record as arenas hold it, in plain mode 4,800 bytes for codes of 200 columns and 6,144 for 256,
 * in secret-shared mode 76,800.
 *
 * The checksum is a CRC-32 of serial id, state, form, version and record, so that a record under another's id is found as well.
 * Values of versions before checksums are of form 0: they have 4 bytes of header, without one.
 */
import { crc32 } from 'node:zlib';
import { version, type Version } from '@irispair/common/ids/vector-id';
import type { StoreChange } from './iris-store.js';

const UNCHECKED_HEADER_BYTES = 4;
const HEADER_BYTES = 8;
const CHECKED_BYTES = 8;
const LIVE = 1;
const DELETED = 2;

/** The two forms of a value. */
export enum ValueForm {
  Unchecked = 0,
  Checked = 1,
}

const FORMS: readonly ValueForm[] = [ValueForm.Unchecked, ValueForm.Checked];

/** A value that is as it was written, as far as it can tell. */
export interface StoredValue {
  readonly form: ValueForm;
  readonly version: Version;
  /** A view of the value, as long as that is valid; null when deleted. */
  readonly record: Buffer | null;
}

/** What a value is held against. */
export interface ValueTerms {
  readonly recordBytes: number;
  /** Whether a value may be without a checksum. */
  readonly leastForm: ValueForm;
}

export function encodeValue({ serialId, version: count, record }: StoreChange): Buffer {
  const value = Buffer.alloc(HEADER_BYTES + (record?.byteLength ?? 0));
  value.writeUInt8(record === null ? DELETED : LIVE, 0);
  value.writeUInt8(ValueForm.Checked, 1);
  value.writeUInt16LE(count, 2);
  if (record !== null) value.set(record, HEADER_BYTES);
  value.writeUInt32LE(checksumOf(serialId, value), 4);
  return value;
}

/** The value under a serial id; undefined when it is damaged. */
export function decodeValue(serialId: number, value: Buffer, terms: ValueTerms): StoredValue | undefined {
  if (value.byteLength < UNCHECKED_HEADER_BYTES) return undefined;
  const form = FORMS.at(value.readUInt8(1));
  if (form === undefined || form < terms.leastForm) return undefined;
  const state = value.readUInt8(0);
  const header = form === ValueForm.Checked ? HEADER_BYTES : UNCHECKED_HEADER_BYTES;
  // Also of a state that there is not.
  if (value.byteLength !== header + recordBytesOf(state, terms.recordBytes)) return undefined;
  if (form === ValueForm.Checked && value.readUInt32LE(4) !== checksumOf(serialId, value)) return undefined;
  return {
    form,
    version: version(value.readUInt16LE(2)),
    record: state === LIVE ? value.subarray(header) : null,
  };
}

function recordBytesOf(state: number, recordBytes: number): number {
  if (state === LIVE) return recordBytes;
  return state === DELETED ? 0 : NaN;
}

function checksumOf(serialId: number, value: Buffer): number {
  const checked = Buffer.allocUnsafe(CHECKED_BYTES);
  checked.writeUInt32LE(serialId, 0);
  value.copy(checked, 4, 0, 4);
  return crc32(value.subarray(HEADER_BYTES), crc32(checked));
}
