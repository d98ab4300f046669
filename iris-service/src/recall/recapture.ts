/**
 * New captures made up from what is stored, to measure how many of the people who come again are found.
 *
 * 1. Bits flip in patches, and first where the code is weak: where neighbouring bits of the same wavelet and part differ.
 * 2. Both eyes are rolled by the same columns.
 * 3. An eyelid hides some more.
 *
 * They are made from the enrolled capture and not from the eye, so that they know less of what differs between two real
 * captures: recall measured with them is optimistic.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  CODE_BITS,
  CODE_BYTES,
  countOnes,
  LEAST_USABLE_BITS,
  type Iris,
  type Template,
} from '@irispair/common/iris/template';

const ROWS = 16;
const COLUMNS = 200;
/** Bits of one place: two wavelets, two parts each. */
const PLANES = 4;

/** Genuine captures are mostly this far from the enrolled one. */
const LEAST_FHD = 0.05;
const MOST_FHD = 0.3;
const FARTHEST_ROTATION = 5;
/** Standard deviation of the noise, where that of a patch of equal bits is 1. */
const NOISE = 1;

/** A capture of the same person. Others get their turn between the eyes: each takes some milliseconds. */
export async function recaptureOf({ left, right }: Iris): Promise<Iris> {
  const rotation = integer(-FARTHEST_ROTATION, FARTHEST_ROTATION);
  const newLeft = recapture(left, rotation);
  await nextTurn();
  const newRight = recapture(right, rotation);
  await nextTurn();
  return { left: newLeft, right: newRight };
}

function recapture({ irisCodes, maskCodes }: Template, rotation: number): Template {
  const share = (uniform(LEAST_FHD, MOST_FHD) + uniform(LEAST_FHD, MOST_FHD)) / 2;
  const disturbed = flipWeakest(irisCodes, maskCodes, share);
  const rolledMask = roll(maskCodes, rotation);
  return { irisCodes: roll(disturbed, rotation), maskCodes: hideSomeMore(rolledMask) };
}

/** Flips this share of the usable bits, the weakest under a fresh noise. */
function flipWeakest(code: Uint8Array, mask: Uint8Array, share: number): Uint8Array {
  const signs = Float32Array.from({ length: CODE_BITS }, (_, bit) => (isSet(code, bit) ? 1 : -1));
  const around = smooth(signs);
  const noise = smooth(Float32Array.from(signs, () => normal()));
  // Nine independent deviates were averaged: three times as much makes their deviation 1 again.
  const strength = around.map((value, bit) => value * signs[bit] + 3 * NOISE * noise[bit]);
  const usable = strength.filter((_, bit) => isSet(mask, bit)).sort();
  const weakest = usable[Math.round(share * usable.length)];
  const flipped = Uint8Array.from(code);
  strength.forEach((value, bit) => {
    if (value < weakest) flipped[bit >> 3] ^= 0x80 >> (bit & 7);
  });
  return flipped;
}

/** The mean of three rows and three columns around each bit, of its own wavelet and part. Columns go round, rows end. */
function smooth(values: Float32Array): Float32Array {
  const alongColumns = values.map((value, bit) => {
    const [row, column, plane] = placeOf(bit);
    const before = bitAt(row, (column + COLUMNS - 1) % COLUMNS, plane);
    const after = bitAt(row, (column + 1) % COLUMNS, plane);
    return (values[before] + value + values[after]) / 3;
  });
  return alongColumns.map((value, bit) => {
    const [row, column, plane] = placeOf(bit);
    const above = bitAt(Math.max(row - 1, 0), column, plane);
    const below = bitAt(Math.min(row + 1, ROWS - 1), column, plane);
    return (alongColumns[above] + value + alongColumns[below]) / 3;
  });
}

/** Rolls the columns right. */
function roll(bits: Uint8Array, rotation: number): Uint8Array {
  const rolled = new Uint8Array(CODE_BYTES);
  for (let bit = 0; bit < CODE_BITS; bit++) {
    const [row, column, plane] = placeOf(bit);
    const source = bitAt(row, (column - rotation + COLUMNS) % COLUMNS, plane);
    if (isSet(bits, source)) rolled[bit >> 3] |= 0x80 >> (bit & 7);
  }
  return rolled;
}

/** An eyelid over outer rows, unless too little would be left. */
function hideSomeMore(mask: Uint8Array): Uint8Array {
  const hidden = Uint8Array.from(mask);
  const depth = integer(1, 5);
  const first = integer(0, COLUMNS - 1);
  const width = integer(10, 50);
  for (let row = ROWS - depth; row < ROWS; row++) {
    for (let offset = 0; offset < width; offset++) {
      const bit = bitAt(row, (first + offset) % COLUMNS, 0);
      // The four bits of a place are half a byte.
      hidden[bit >> 3] &= bit % 8 === 0 ? 0x0f : 0xf0;
    }
  }
  return countOnes(hidden) < LEAST_USABLE_BITS ? mask : hidden;
}

function placeOf(bit: number): [row: number, column: number, plane: number] {
  const place = Math.floor(bit / PLANES);
  return [Math.floor(place / COLUMNS), place % COLUMNS, bit % PLANES];
}

function bitAt(row: number, column: number, plane: number): number {
  return (row * COLUMNS + column) * PLANES + plane;
}

function isSet(bits: Uint8Array, bit: number): boolean {
  return (bits[bit >> 3] & (0x80 >> (bit & 7))) !== 0;
}

function uniform(least: number, most: number): number {
  return least + Math.random() * (most - least);
}

function integer(least: number, most: number): number {
  return Math.floor(uniform(least, most + 1));
}

/** Near enough to a normal deviate: it is averaged with eight others. */
function normal(): number {
  return Math.sqrt(12) * (Math.random() - 0.5);
}
