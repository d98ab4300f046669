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

const BITS_A_COLUMN = 16 * 2 * 2;

/** Bits of a code, and of a mask: 12,800 at 200 columns, 16,384 at 256. */
export function codeBits(columns: Columns): number {
  return columns * BITS_A_COLUMN;
}

/** Bytes of a packed code, and of a packed mask: 1,600 at 200 columns, 2,048 at 256. */
export function codeBytes(columns: Columns): number {
  return codeBits(columns) / 8;
}

/** Fewest usable bits of a template: with less, two masks may share no bit and the order of candidates is lost. */
export function leastUsableBits(columns: Columns): number {
  return codeBits(columns) / 2;
}

/** The shape of a packed code of so many bytes; undefined when it is none. */
export function columnsOfBytes(bytes: number): Columns | undefined {
  return COLUMNS.find((columns) => codeBytes(columns) === bytes);
}

/** A number of columns as a store, a file or the hop says it: absent or 0 means {@link DEFAULT_COLUMNS}; undefined when it is none. */
export function readColumns(said: number | undefined): Columns | undefined {
  return said === undefined || said === 0 ? DEFAULT_COLUMNS : COLUMNS.find((columns) => columns === said);
}
