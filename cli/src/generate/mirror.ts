/** A capture as a flipped picture shows it. */
import { CODE_BYTES, type Iris, type Template } from '@irispair/common/iris/template';

const ROW_BYTES = 100;
const HALF_BYTES = ROW_BYTES / 2;

/** Imaginary bits of the two columns in a byte. */
const IMAGINARY_BITS = 0x55;

/** Both eyes mirrored and exchanged: a mirrored picture shows a left eye as a right one. */
export function mirrored({ left, right }: Iris): Iris {
  return { left: mirrorTemplate(right), right: mirrorTemplate(left) };
}

function mirrorTemplate({ irisCodes, maskCodes }: Template): Template {
  return { irisCodes: mirrorBits(irisCodes, IMAGINARY_BITS), maskCodes: mirrorBits(maskCodes, 0) };
}

/** Columns 0..99 and 100..199 each reversed in place; a column is a nibble. */
function mirrorBits(bits: Uint8Array, invert: number): Uint8Array {
  const result = new Uint8Array(CODE_BYTES);
  for (let half = 0; half < CODE_BYTES; half += HALF_BYTES) {
    for (let index = 0; index < HALF_BYTES; index++) {
      const byte = bits[half + HALF_BYTES - 1 - index];
      result[half + index] = ((byte >> 4) | ((byte & 0xf) << 4)) ^ invert;
    }
  }
  return result;
}
