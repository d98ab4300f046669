/** A capture as a flipped picture shows it. */
import { ROWS } from '@irispair/common/iris/field';
import type { Iris, Template } from '@irispair/common/iris/template';

/** A row is mirrored in halves. */
const HALVES = 2 * ROWS;

/** Imaginary bits of the two columns in a byte. */
const IMAGINARY_BITS = 0x55;

/** Both eyes mirrored and exchanged: a mirrored picture shows a left eye as a right one. */
export function mirrored({ left, right }: Iris): Iris {
  return { left: mirrorTemplate(right), right: mirrorTemplate(left) };
}

function mirrorTemplate({ irisCodes, maskCodes }: Template): Template {
  return { irisCodes: mirrorBits(irisCodes, IMAGINARY_BITS), maskCodes: mirrorBits(maskCodes, 0) };
}

/** Each half of the columns reversed in place; a column is a nibble. */
function mirrorBits(bits: Uint8Array, invert: number): Uint8Array {
  const result = new Uint8Array(bits.byteLength);
  const halfBytes = bits.byteLength / HALVES;
  for (let half = 0; half < bits.byteLength; half += halfBytes) {
    for (let index = 0; index < halfBytes; index++) {
      const byte = bits[half + halfBytes - 1 - index];
      result[half + index] = ((byte >> 4) | ((byte & 0xf) << 4)) ^ invert;
    }
  }
  return result;
}
