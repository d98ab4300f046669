/**
 * What the embedded store keeps of an iris, in the table of irises and in the journal alike: 4 bytes of header (state u8,
 * zero u8, version u16) and the record as arenas hold it, 4,800 bytes in plain mode and 76,800 in secret-shared mode.
 */
import { version, type Version } from '@irispair/common/ids/vector-id';
import type { StoreChange } from './iris-store.js';

const HEADER_BYTES = 4;
const LIVE = 1;
const DELETED = 2;

/** @param change its serial id is the key */
export function encodeValue({ version: count, record }: Omit<StoreChange, 'serialId'>): Buffer {
  const value = Buffer.alloc(HEADER_BYTES + (record?.byteLength ?? 0));
  value.writeUInt8(record === null ? DELETED : LIVE, 0);
  value.writeUInt16LE(count, 2);
  if (record !== null) value.set(record, HEADER_BYTES);
  return value;
}

/** A view of the value, as long as that is valid. */
export function decodeValue(value: Buffer): { readonly version: Version; readonly record: Buffer | null } {
  return {
    version: version(value.readUInt16LE(2)),
    record: value.readUInt8(0) === LIVE ? value.subarray(HEADER_BYTES) : null,
  };
}
