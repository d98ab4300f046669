/**
 * The shapes of codes: 16 rows x 200 or 256 columns x 2 wavelets x 2 parts (real, imaginary).
 *
 * Public Open IRIS makes 256 columns unless it is set otherwise; the deployed system's fork makes 200. Codes of two shapes
 * cannot be compared, so a population has one.
 */

/** Columns that a code may have. */
export const COLUMNS = [200, 256] as const;

/** Columns of every code of a population. */
export type Columns = (typeof COLUMNS)[number];

/** The shape of a population, a store or a file that does not say one. */
export const DEFAULT_COLUMNS: Columns = 200;

const BITS_PER_COLUMN = 16 * 2 * 2;

/** Bytes of a packed code, and of a packed mask: 1,600 at 200 columns, 2,048 at 256. */
export function codeBytes(columns: Columns): number {
  return (columns * BITS_PER_COLUMN) / 8;
}
