/**
 * Numbers as people write them in settings and options: decimal digits, and nothing around them.
 *
 * `Number()` reads a blank as 0, and takes hexadecimal digits and surrounding space. A setting that was left blank must not become
 * a threshold of 0, so every setting and option is read here.
 */

const INTEGER = /^-?\d+$/;
const DECIMAL = /^-?\d+(\.\d+)?(e-?\d+)?$/i;

/** An integer from `least` to `most`; undefined for any other text. */
export function readInteger(text: string, least: number, most: number): number | undefined {
  if (!INTEGER.test(text)) return undefined;
  const value = Number(text);
  return value >= least && value <= most ? value : undefined;
}

/** A finite decimal number, such as `0.375` or `1e-3`; undefined for any other text. */
export function readDecimal(text: string): number | undefined {
  if (!DECIMAL.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}
