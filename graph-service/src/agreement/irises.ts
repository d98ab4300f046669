/** VectorIds of the catching up in messages: serial id (u32), version (u16), flags (u16; 1 = deleted), little-endian. */
import { serialId, version } from '@irispair/common/ids/vector-id';
import type { RegisteredIris } from '../iris/registered-iris.js';

const BYTES = 8;

export function packIrises(irises: readonly RegisteredIris[]): Buffer {
  const packed = Buffer.alloc(irises.length * BYTES);
  irises.forEach(({ id, deleted }, place) => {
    packed.writeUInt32LE(id.serialId, place * BYTES);
    packed.writeUInt16LE(id.version, place * BYTES + 4);
    packed.writeUInt16LE(Number(deleted), place * BYTES + 6);
  });
  return packed;
}

export function unpackIrises(packed: Buffer): RegisteredIris[] {
  return Array.from({ length: Math.floor(packed.byteLength / BYTES) }, (_, place) => ({
    id: {
      serialId: serialId(packed.readUInt32LE(place * BYTES)),
      version: version(packed.readUInt16LE(place * BYTES + 4)),
    },
    deleted: (packed.readUInt16LE(place * BYTES + 6) & 1) === 1,
  }));
}
