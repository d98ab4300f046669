/**
 * VectorIds: how an iris is called on both sides of the hop.
 *
 * A VectorId is a serial id (u32, from 1) and a version (u16, from 0). On the wire a batch of them is packed into
 * one byte field, 8 bytes each: serial id u32, version u32, little-endian.
 */
import { InvalidInputError } from '../errors/errors.js';

declare const serialIdBrand: unique symbol;
declare const versionBrand: unique symbol;

/** Names a person for ever: 1 to 4,294,967,295. */
export type SerialId = number & { readonly [serialIdBrand]: true };

/** Counts the replacements of an iris: 0 to 65,535. */
export type Version = number & { readonly [versionBrand]: true };

/** One version of one person's irises. */
export interface VectorId {
  readonly serialId: SerialId;
  readonly version: Version;
}

/** Bytes of one packed VectorId. */
export const VECTOR_ID_BYTES = 8;

/** The version of a newly enrolled iris. */
export const FIRST_VERSION = 0 as Version;

/** The highest serial id that can be given. */
export const HIGHEST_SERIAL_ID = 0xffff_ffff;
const HIGHEST_VERSION = 0xffff;

/**
 * Checks a number that came from outside.
 * @throws InvalidInputError naming `field` when it is not an integer from 1 to 4,294,967,295.
 */
export function serialId(value: number, field = 'serial_id'): SerialId {
  if (!Number.isInteger(value) || value < 1 || value > HIGHEST_SERIAL_ID) {
    throw new InvalidInputError(
      field,
      `${String(value)} is not a serial id: give an integer from 1 to ${HIGHEST_SERIAL_ID}`,
    );
  }
  return value as SerialId;
}

/**
 * Checks a number that came from outside.
 * @throws InvalidInputError naming `field` when it is not an integer from 0 to 65,535.
 */
export function version(value: number, field = 'version'): Version {
  if (!Number.isInteger(value) || value < 0 || value > HIGHEST_VERSION) {
    throw new InvalidInputError(
      field,
      `${String(value)} is not a version: give an integer from 0 to ${HIGHEST_VERSION}`,
    );
  }
  return value as Version;
}

/** Packs VectorIds for the hop. */
export function packVectorIds(ids: readonly VectorId[]): Buffer {
  const packed = Buffer.allocUnsafe(ids.length * VECTOR_ID_BYTES);
  ids.forEach((id, index) => {
    packed.writeUInt32LE(id.serialId, index * VECTOR_ID_BYTES);
    packed.writeUInt32LE(id.version, index * VECTOR_ID_BYTES + 4);
  });
  return packed;
}

/**
 * Unpacks VectorIds from the hop.
 * @throws InvalidInputError naming `field` when the length is no multiple of 8 or an id is out of range.
 */
export function unpackVectorIds(packed: Uint8Array, field = 'candidates'): VectorId[] {
  if (packed.byteLength % VECTOR_ID_BYTES !== 0) {
    throw new InvalidInputError(
      field,
      `${packed.byteLength} bytes do not hold whole VectorIds: send ${VECTOR_ID_BYTES} bytes for each`,
    );
  }
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const ids: VectorId[] = [];
  for (let offset = 0; offset < packed.byteLength; offset += VECTOR_ID_BYTES) {
    ids.push({
      serialId: serialId(view.getUint32(offset, true), field),
      version: version(view.getUint32(offset + 4, true), field),
    });
  }
  return ids;
}
