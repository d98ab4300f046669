/**
 * What the three parties call a batch that they agree on: its number, u64 little-endian, and the nonce of its term, 16 bytes.
 * No two batches have one name, whatever was restarted. It is kept and compared in hexadecimal.
 */
import { InvalidInputError } from '../errors/errors.js';

declare const batchNameBrand: unique symbol;

/** A batch's name, 48 hexadecimal digits. */
export type BatchName = string & { readonly [batchNameBrand]: true };

/** Bytes of a term's nonce. */
export const TERM_NONCE_BYTES = 16;

const NUMBER_BYTES = 8;

/** Bytes of a name. */
export const BATCH_NAME_BYTES = NUMBER_BYTES + TERM_NONCE_BYTES;
const NAME = /^[0-9a-f]{48}$/;

/** @param nonce {@link TERM_NONCE_BYTES} of them */
export function nameBatch(number: number, nonce: Uint8Array): BatchName {
  const bytes = Buffer.alloc(BATCH_NAME_BYTES);
  bytes.writeBigUInt64LE(BigInt(number));
  bytes.set(nonce, NUMBER_BYTES);
  return bytes.toString('hex') as BatchName;
}

/** The number of a batch. */
export function numberOfBatch(name: BatchName): number {
  return Number(batchNameBytes(name).readBigUInt64LE());
}

/** For a message, or a store. */
export function batchNameBytes(name: BatchName): Buffer {
  return Buffer.from(name, 'hex');
}

/** @throws InvalidInputError naming `field` when it is not a name's 24 bytes */
export function readBatchName(bytes: Uint8Array, field = 'batch'): BatchName {
  const name = Buffer.from(bytes).toString('hex');
  if (!NAME.test(name)) {
    throw new InvalidInputError(field, `${bytes.byteLength} bytes, a batch's name has ${BATCH_NAME_BYTES}`);
  }
  return name as BatchName;
}

/** As {@link readBatchName}; undefined when there are no bytes. */
export function readBatchNameIfAny(bytes: Uint8Array, field: string): BatchName | undefined {
  return bytes.byteLength === 0 ? undefined : readBatchName(bytes, field);
}
