/**
 * The form of an export file; `docs/export-format.md` describes it for others.
 *
 *     header   magic "IRISPAIR", length of the JSON u32, JSON, SHA-256 of all this
 *     chunk    count of irises u32, bytes of irises u32, irises, SHA-256 of all this; as many as it takes
 *     end      zero u32, zero u32, SHA-256 of the whole file before it
 *
 *     iris     serial id u32, version u16, state u8, zero u8, bytes of the record u32, record
 *
 * All numbers are little-endian.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { serialId, version } from '@irispair/common/ids/vector-id';
import { readColumns } from '@irispair/common/iris/shape';
import type { StoredIris, StoreIdentity } from '@irispair/iris-service/store/iris-store';

/** What an export says that it holds. */
export interface ExportHeader {
  readonly identity: StoreIdentity;
  /** Serial ids, deleted ones included. */
  readonly count: number;
}

export const EXPORT_VERSION = 1;
export const DIGEST_BYTES = 32;
/** Magic and length of the JSON. */
export const PREAMBLE_BYTES = 12;
/** Count and bytes of the irises. */
export const CHUNK_HEAD_BYTES = 8;
/** A header of more is none. */
export const MOST_JSON_BYTES = 4_096;
/** A chunk of more is none: a reader needs that much memory. */
export const MOST_CHUNK_BYTES = 16 << 20;

const MAGIC = Buffer.from('IRISPAIR', 'latin1');
const IRIS_HEAD_BYTES = 12;
const LIVE = 1;
const DELETED = 2;

const HEADER = z.object({
  version: z.literal(EXPORT_VERSION),
  mode: z.enum(['plain', 'shared']),
  party: z.union([z.literal(0), z.literal(1), z.literal(2), z.null()]),
  format_version: z.int().min(1),
  columns: z.int().optional(),
  count: z.int().min(0).max(0xffff_ffff),
});

/** SHA-256. */
export function digestOf(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** The header's bytes, with its digest. */
export function encodeHeader({ identity, count }: ExportHeader): Buffer {
  const { mode, party, formatVersion, columns } = identity;
  const json = Buffer.from(
    JSON.stringify({ version: EXPORT_VERSION, mode, party, format_version: formatVersion, columns, count }),
  );
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.byteLength);
  const head = Buffer.concat([MAGIC, length, json]);
  return Buffer.concat([head, digestOf(head)]);
}

/** Length of the header's JSON, or null when this is no export. */
export function decodePreamble(preamble: Buffer): number | null {
  const length = preamble.readUInt32LE(MAGIC.byteLength);
  const isExport = preamble.subarray(0, MAGIC.byteLength).equals(MAGIC) && length <= MOST_JSON_BYTES;
  return isExport ? length : null;
}

/** @throws Error saying what is wrong with the JSON */
export function decodeHeader(json: Buffer): ExportHeader {
  const { mode, party, format_version, columns: said, count } = HEADER.parse(JSON.parse(json.toString()));
  const columns = readColumns(said);
  if (columns === undefined) throw new Error(`codes of ${said} columns`);
  return { identity: { mode, party, formatVersion: format_version, columns }, count };
}

/** A chunk's bytes, with its digest. */
export function encodeChunk(irises: readonly StoredIris[]): Buffer {
  const bytes = irises.reduce((sum, { record }) => sum + IRIS_HEAD_BYTES + (record?.byteLength ?? 0), 0);
  const chunk = Buffer.alloc(CHUNK_HEAD_BYTES + bytes + DIGEST_BYTES);
  chunk.writeUInt32LE(irises.length, 0);
  chunk.writeUInt32LE(bytes, 4);
  let offset = CHUNK_HEAD_BYTES;
  for (const { id, record } of irises) {
    chunk.writeUInt32LE(id.serialId, offset);
    chunk.writeUInt16LE(id.version, offset + 4);
    chunk.writeUInt8(record === null ? DELETED : LIVE, offset + 6);
    chunk.writeUInt32LE(record?.byteLength ?? 0, offset + 8);
    offset += IRIS_HEAD_BYTES;
    if (record === null) continue;
    chunk.set(record, offset);
    offset += record.byteLength;
  }
  chunk.set(digestOf(chunk.subarray(0, offset)), offset);
  return chunk;
}

/** Reads what stands between a chunk's head and its digest. @throws Error saying what is wrong with it */
export function decodeIrises(count: number, body: Buffer): StoredIris[] {
  const irises: StoredIris[] = [];
  let offset = 0;
  for (let index = 0; index < count; index++) {
    if (offset + IRIS_HEAD_BYTES > body.byteLength) throw new Error(`holds ${index} irises, not ${count}`);
    const id = {
      serialId: serialId(body.readUInt32LE(offset)),
      version: version(body.readUInt16LE(offset + 4)),
    };
    const state = body.readUInt8(offset + 6);
    const length = body.readUInt32LE(offset + 8);
    offset += IRIS_HEAD_BYTES;
    if (state !== LIVE && state !== DELETED) throw new Error(`gives serial id ${id.serialId} state ${state}`);
    if (state === DELETED && length > 0) throw new Error(`gives deleted serial id ${id.serialId} a record`);
    if (offset + length > body.byteLength) throw new Error(`cuts serial id ${id.serialId} short`);
    irises.push({ id, record: state === DELETED ? null : body.subarray(offset, offset + length) });
    offset += length;
  }
  if (offset !== body.byteLength) throw new Error(`holds more than ${count} irises`);
  return irises;
}

/** What follows the last chunk, without the digest. */
export function encodeEnd(): Buffer {
  return Buffer.alloc(CHUNK_HEAD_BYTES);
}
