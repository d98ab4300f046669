/** Shares of a template from the definitions, element by element, sharing no code with the native layer. */
import { randomBytes } from 'node:crypto';
import type { Template } from '@irispair/common/iris/template';

const CODE_ELEMENTS = 12_800;
const ELEMENTS = CODE_ELEMENTS + 6_400;
const PARTIES = 3;

/** From basis A to the coefficients of 1, x, x^2, x^3. */
const TO_COEFFICIENTS = [
  [1, 0, 0, 0],
  [58_082, 1, 0, 0],
  [60_579, 25_194, 1, 0],
  [17_325, 51_956, 57_011, 1],
];

/** Each party's share of a template: code, then mask, u16 little-endian. */
export function naiveShares(template: Template): Buffer[] {
  const encoded = encode(template);
  const shares = Array.from({ length: PARTIES }, () => Buffer.alloc(2 * ELEMENTS));
  for (let at = 0; at < ELEMENTS; at += 4) {
    const secret = TO_COEFFICIENTS.map((row) =>
      row.reduce((sum, factor, index) => sum + Math.imul(factor, encoded[at + index]), 0),
    );
    const random = Array.from(new Uint16Array(Uint8Array.from(randomBytes(8)).buffer));
    const timesX = [random[3], random[0] + random[3], random[1], random[2]];
    // The parties' points: 1, x and x + 1.
    const slopes = [random, timesX, timesX.map((coefficient, index) => coefficient + random[index])];
    slopes.forEach((slope, party) => {
      slope.forEach((coefficient, index) => {
        shares[party].writeUInt16LE((secret[index] + coefficient) & 0xffff, 2 * (at + index));
      });
    });
  }
  return shares;
}

/** 0 where masked, else 1 for a bit 0 and -1 for a bit 1; then 1 where the first part's mask is usable. */
function encode({ irisCodes, maskCodes }: Template): Uint16Array {
  const encoded = new Uint16Array(ELEMENTS);
  for (let part = 0; part < 2; part++) {
    for (let wavelet = 0; wavelet < 2; wavelet++) {
      for (let row = 0; row < 16; row++) {
        for (let column = 0; column < 200; column++) {
          const from = ((row * 200 + column) * 2 + wavelet) * 2 + part;
          const to = (((part * 2 + wavelet) * 4 + (row % 4)) * 200 + column) * 4 + (row >> 2);
          const usable = bit(maskCodes, from);
          encoded[to] = usable * (1 - 2 * bit(irisCodes, from));
          if (part === 0) encoded[CODE_ELEMENTS + to] = usable;
        }
      }
    }
  }
  return encoded;
}

function bit(bytes: Uint8Array, index: number): number {
  return (bytes[index >> 3] >> (7 - (index & 7))) & 1;
}
