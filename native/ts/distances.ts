/** Packed distances, as the engine and the hop carry them. */

/** How a probe differs from an iris at one rotation. */
export interface Distance {
  /** Bits that differ among those unmasked in both, 0 to 12,800. */
  readonly differing: number;
  /** Bits unmasked in both, 0 to 12,800; 0 means that nothing could be compared. */
  readonly unmasked: number;
  /** Columns by which the probe was rolled right, -15 to 15. */
  readonly rotation: number;
}

/** Bytes of one packed distance: differing u16, unmasked u16, rotation i16, zero u16, little-endian. */
export const DISTANCE_BYTES = 8;

/** Unpacks distances. */
export function unpackDistances(packed: Uint8Array): Distance[] {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const distances: Distance[] = [];
  for (let offset = 0; offset + DISTANCE_BYTES <= packed.byteLength; offset += DISTANCE_BYTES) {
    distances.push({
      differing: view.getUint16(offset, true),
      unmasked: view.getUint16(offset + 2, true),
      rotation: view.getInt16(offset + 4, true),
    });
  }
  return distances;
}

/** Fractional Hamming distance; 0 when nothing could be compared. */
export function fractionalHammingDistance({ differing, unmasked }: Distance): number {
  return unmasked === 0 ? 0 : differing / unmasked;
}
