// Packed codes, most significant bit first, as the vectors of zeros and ones that the libraries take.

export const CODE_BITS = 12_800;
export const CODE_BYTES = CODE_BITS / 8;

const BITS_OF_BYTE = Array.from({ length: 256 }, (_, byte) =>
  Float32Array.from({ length: 8 }, (_, place) => (byte >> (7 - place)) & 1),
);

/**
 * Some codes of a file as one matrix, a code a row.
 * @param {Uint8Array} codes @param {number} first @param {number} count @returns {Float32Array}
 */
export function asFloats(codes, first, count) {
  const floats = new Float32Array(count * CODE_BITS);
  for (let index = 0; index < count * CODE_BYTES; index++) {
    floats.set(BITS_OF_BYTE[codes[first * CODE_BYTES + index]], 8 * index);
  }
  return floats;
}
