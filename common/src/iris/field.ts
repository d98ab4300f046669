/**
 * The texture of a made-up eye, and what disturbs it from one capture to the next: correlated normal deviates, one for each bit of a code, whose signs are the bits.
 *
 * Real codes are far from random (DESIGN section 10): neighbouring columns and rows agree, and an agreement of about 0.16
 * remains over some thirty columns, all rows and both wavelets. So a field is the sum of a fine texture, correlated over
 * few columns and rows, and of a coarse one shared by all rows and wavelets of a part. With r the correlation of two
 * deviates, their bits' is (2 / pi) * asin(r).
 */
import type { Keystream } from './keystream.js';
import type { Columns } from './shape.js';

export const ROWS = 16;
export const WAVELETS = 2;
export const PARTS = 2;

/** Deviates of one eye in the order of the code's bits: row, column, wavelet, part. */
export type Field = Float32Array;

const CELLS_A_COLUMN = ROWS * WAVELETS * PARTS;

/** Share of the coarse texture in the variance. */
const COARSE_SHARE = 0.28;
/**
 * The same eye in more columns: what correlates over an angle does so over more of them. Of 200, correlations of 0.52 and
 * 0.08 at 1 and 2 columns; of 256, those of the same angles.
 */
const COLUMN_WINDOWS: Readonly<Record<Columns, readonly number[]>> = {
  200: normalised([0.31, 1, 0.31]),
  256: normalised([0.04, 0.45, 1, 0.45, 0.04]),
};
/** Standard deviation of the coarse texture's column window, as a share of all columns. */
const COARSE_SHARE_OF_COLUMNS = 13 / 200;
const COARSE_WINDOWS: Readonly<Record<Columns, readonly number[]>> = {
  200: coarseWindow(200),
  256: coarseWindow(256),
};
/** Correlations of 0.81, 0.44 and 0.13 at 1, 2 and 3 rows. */
const ROW_WINDOW = normalised([0.6, 1, 1, 0.6]);

/** A new field. */
export function drawField(random: Keystream, columns: Columns): Field {
  const field = new Float32Array(columns * CELLS_A_COLUMN);
  for (let part = 0; part < PARTS; part++) {
    const coarse = smoothCircularly(random.normals(columns), COARSE_WINDOWS[columns]);
    for (let wavelet = 0; wavelet < WAVELETS; wavelet++) {
      addPlane(field, random, columns, coarse, wavelet, part);
    }
  }
  return field;
}

/** The same eye seen again: `agreement` is the correlation with the field, the rest is new. */
export function disturb(field: Field, agreement: number, random: Keystream): Field {
  const noise = drawField(random, columnsOf(field));
  const rest = Math.sqrt(1 - agreement * agreement);
  return field.map((value, cell) => agreement * value + rest * noise[cell]);
}

function columnsOf({ length }: Field): Columns {
  // Fields are made here only.
  return (length / CELLS_A_COLUMN) as Columns;
}

function addPlane(
  field: Field,
  random: Keystream,
  columns: Columns,
  coarse: Float32Array,
  wavelet: number,
  part: number,
): void {
  const rows = ROWS + ROW_WINDOW.length - 1;
  const fine = Array.from({ length: rows }, () =>
    smoothCircularly(random.normals(columns), COLUMN_WINDOWS[columns]),
  );
  const coarseWeight = Math.sqrt(COARSE_SHARE);
  const fineWeight = Math.sqrt(1 - COARSE_SHARE);
  for (let row = 0; row < ROWS; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let tap = 0; tap < ROW_WINDOW.length; tap++) sum += ROW_WINDOW[tap] * fine[row + tap][column];
      field[cellOf(columns, row, column, wavelet, part)] = coarseWeight * coarse[column] + fineWeight * sum;
    }
  }
}

/** Place of a deviate, and of its bit. */
export function cellOf(columns: Columns, row: number, column: number, wavelet: number, part: number): number {
  return ((row * columns + column) * WAVELETS + wavelet) * PARTS + part;
}

function smoothCircularly(values: Float32Array, window: readonly number[]): Float32Array {
  const half = (window.length - 1) / 2;
  const columns = values.length;
  return values.map((_, column) => {
    let sum = 0;
    for (let tap = 0; tap < window.length; tap++) {
      sum += window[tap] * values[(column + tap - half + columns) % columns];
    }
    return sum;
  });
}

function coarseWindow(columns: Columns): number[] {
  const deviation = COARSE_SHARE_OF_COLUMNS * columns;
  const half = Math.round(3 * deviation);
  return normalised(
    Array.from({ length: 2 * half + 1 }, (_, index) => Math.exp(-(((index - half) / deviation) ** 2) / 2)),
  );
}

/** Scales a window so that independent deviates of variance 1 keep it. */
function normalised(window: readonly number[]): number[] {
  const norm = Math.hypot(...window);
  return window.map((weight) => weight / norm);
}
