/**
 * Nodes and rows as the embedded store keeps them, with a CRC-32 of key and value.
 *
 * A node: mark u8, word u32, checksum u32; before checksums its word in decimal digits. A row: serial ids u32, checksum u32,
 * mark u8; before checksums the serial ids alone.
 */
import { crc32 } from 'node:zlib';

/** No decimal digit, and no whole word beside words. */
const CHECKED = 1;
const NODE_BYTES = 9;
const CHECK_BYTES = 5;
const WORD_BYTES = 4;

/** Side, layer, serial id. */
export type RowKey = [side: number, layer: number, serialId: number];

export function encodeNode(serialId: number, word: number): Buffer {
  const value = Buffer.allocUnsafe(NODE_BYTES);
  value.writeUInt8(CHECKED, 0);
  value.writeUInt32LE(word, 1);
  value.writeUInt32LE(checksumOf([serialId], value.subarray(0, 5)), 5);
  return value;
}

/** A node's word; undefined when the value is damaged. */
export function decodeNode(serialId: number, value: Buffer): number | undefined {
  if (value.at(0) !== CHECKED) return decodeDigits(value.toString('latin1'));
  if (value.byteLength !== NODE_BYTES) return undefined;
  const isWhole = value.readUInt32LE(5) === checksumOf([serialId], value.subarray(0, 5));
  return isWhole ? value.readUInt32LE(1) : undefined;
}

function decodeDigits(digits: string): number | undefined {
  const word = Number(digits);
  return /^\d{1,10}$/.test(digits) && word <= 0xffff_ffff ? word : undefined;
}

export function encodeRow(key: RowKey, neighbours: Uint32Array): Buffer {
  const { buffer, byteOffset, byteLength } = neighbours;
  const value = Buffer.allocUnsafe(byteLength + CHECK_BYTES);
  value.set(new Uint8Array(buffer, byteOffset, byteLength));
  value.writeUInt32LE(checksumOf(key, value.subarray(0, byteLength)), byteLength);
  value.writeUInt8(CHECKED, byteLength + WORD_BYTES);
  return value;
}

/** The neighbours of a row; undefined when the value is damaged. */
export function decodeRow(key: RowKey, value: Buffer): Uint32Array | undefined {
  if (value.byteLength % WORD_BYTES === 0) return wordsOf(value);
  const bytes = value.byteLength - CHECK_BYTES;
  if (bytes < 0 || bytes % WORD_BYTES !== 0 || value.at(-1) !== CHECKED) return undefined;
  const words = value.subarray(0, bytes);
  return value.readUInt32LE(bytes) === checksumOf(key, words) ? wordsOf(words) : undefined;
}

function wordsOf(bytes: Buffer): Uint32Array {
  return new Uint32Array(Uint8Array.from(bytes).buffer);
}

function checksumOf(key: readonly number[], bytes: Uint8Array): number {
  return crc32(bytes, crc32(Uint32Array.from(key)));
}
