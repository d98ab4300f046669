/**
 * New captures made up from what is stored, to measure how many of the people who come again are found.
 *
 * 1. A noise with the texture of an eye pulls at the bits, over whole stretches of the iris: what is near to the enrolled
 *    capture is not as near to the new one. Those flip first that go against it where the code is weak, where neighbouring bits
 *    of the same wavelet and part differ.
 * 2. Both eyes are rolled by the same columns.
 * 3. An eyelid hides some more.
 *
 * They are made from the enrolled capture and not from the eye, so they are no substitute for real ones.
 */
import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { cellOf, drawField, PARTS, ROWS, WAVELETS } from '@irispair/common/iris/field';
import { Keystream } from '@irispair/common/iris/keystream';
import { codeBits, leastUsableBits, type Columns } from '@irispair/common/iris/shape';
import { countOnes, type Iris, type Template } from '@irispair/common/iris/template';

/** Bits of one place. */
const PLANES = WAVELETS * PARTS;

/** Genuine captures are mostly this far from the enrolled one. */
const LEAST_FHD = 0.05;
const MOST_FHD = 0.3;
const FARTHEST_ROTATION = 5;
/**
 * Standard deviation of the noise beside a patch of equal bits, whose strength is 1. Strangers are then as near to a new
 * capture as they are to one of the same made-up eye.
 */
const NOISE = 1;

/** A capture of the same person. Others get their turn between the eyes: each takes some milliseconds. */
export async function recaptureOf({ left, right }: Iris, columns: Columns): Promise<Iris> {
  const random = new Keystream(randomUUID(), []);
  const rotation = random.integer(-FARTHEST_ROTATION, FARTHEST_ROTATION);
  const newLeft = recapture(left, columns, rotation, random);
  await nextTurn();
  const newRight = recapture(right, columns, rotation, random);
  await nextTurn();
  return { left: newLeft, right: newRight };
}

function recapture(
  { irisCodes, maskCodes }: Template,
  columns: Columns,
  rotation: number,
  random: Keystream,
): Template {
  const share = (random.uniform(LEAST_FHD, MOST_FHD) + random.uniform(LEAST_FHD, MOST_FHD)) / 2;
  const disturbed = flipWeakest(irisCodes, maskCodes, columns, share, random);
  const rolledMask = roll(maskCodes, columns, rotation);
  return {
    irisCodes: roll(disturbed, columns, rotation),
    maskCodes: hideSomeMore(rolledMask, columns, random),
  };
}

/** Flips this share of the usable bits, the weakest under a fresh noise. */
function flipWeakest(
  code: Uint8Array,
  mask: Uint8Array,
  columns: Columns,
  share: number,
  random: Keystream,
): Uint8Array {
  const signs = Float32Array.from({ length: codeBits(columns) }, (_, bit) => (isSet(code, bit) ? 1 : -1));
  const noise = drawField(random, columns);
  const strength = smooth(signs, columns).map((around, bit) => signs[bit] * (around + NOISE * noise[bit]));
  const usable = strength.filter((_, bit) => isSet(mask, bit)).sort();
  const weakest = usable[Math.round(share * usable.length)];
  const flipped = Uint8Array.from(code);
  strength.forEach((value, bit) => {
    if (value < weakest) flipped[bit >> 3] ^= 0x80 >> (bit & 7);
  });
  return flipped;
}

/** The mean of three rows and three columns around each bit, of its own wavelet and part. Columns go round, rows end. */
function smooth(values: Float32Array, columns: Columns): Float32Array {
  const alongColumns = values.map((value, bit) => {
    const [row, column, plane] = placeOf(columns, bit);
    const before = bitAt(columns, row, (column + columns - 1) % columns, plane);
    const after = bitAt(columns, row, (column + 1) % columns, plane);
    return (values[before] + value + values[after]) / 3;
  });
  return alongColumns.map((value, bit) => {
    const [row, column, plane] = placeOf(columns, bit);
    const above = bitAt(columns, Math.max(row - 1, 0), column, plane);
    const below = bitAt(columns, Math.min(row + 1, ROWS - 1), column, plane);
    return (alongColumns[above] + value + alongColumns[below]) / 3;
  });
}

/** Rolls the columns right. */
function roll(bits: Uint8Array, columns: Columns, rotation: number): Uint8Array {
  const rolled = new Uint8Array(bits.byteLength);
  for (let bit = 0; bit < 8 * bits.byteLength; bit++) {
    const [row, column, plane] = placeOf(columns, bit);
    const source = bitAt(columns, row, (column - rotation + columns) % columns, plane);
    if (isSet(bits, source)) rolled[bit >> 3] |= 0x80 >> (bit & 7);
  }
  return rolled;
}

/** An eyelid over outer rows, unless too little would be left. */
function hideSomeMore(mask: Uint8Array, columns: Columns, random: Keystream): Uint8Array {
  const hidden = Uint8Array.from(mask);
  const depth = random.integer(1, 5);
  const first = random.integer(0, columns - 1);
  const width = random.integer(10, 50);
  for (let row = ROWS - depth; row < ROWS; row++) {
    for (let offset = 0; offset < width; offset++) {
      const bit = bitAt(columns, row, (first + offset) % columns, 0);
      // The four bits of a place are half a byte.
      hidden[bit >> 3] &= bit % 8 === 0 ? 0x0f : 0xf0;
    }
  }
  return countOnes(hidden) < leastUsableBits(columns) ? mask : hidden;
}

function placeOf(columns: Columns, bit: number): [row: number, column: number, plane: number] {
  const place = Math.floor(bit / PLANES);
  return [Math.floor(place / columns), place % columns, bit % PLANES];
}

/** @param plane wavelet and part */
function bitAt(columns: Columns, row: number, column: number, plane: number): number {
  return cellOf(columns, row, column, 0, 0) + plane;
}

function isSet(bits: Uint8Array, bit: number): boolean {
  return (bits[bit >> 3] & (0x80 >> (bit & 7))) !== 0;
}
