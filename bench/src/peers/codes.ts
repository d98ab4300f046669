/** Codes as files of plain bit vectors, and rolled as a library without rotations would need them. */
import { writeFileSync } from 'node:fs';
import { CODE_BYTES, type Template } from '@irispair/common/iris/template';
import { compareTemplates, leastDistance } from '@irispair/native/compare';

const ROWS = 16;
const BYTES_A_ROW = CODE_BYTES / ROWS;
/** A column is four bits: two wavelets of two parts. */
const COLUMNS = 2 * BYTES_A_ROW;

/** Writes codes one after the other. */
export function writeCodes(path: string, codes: readonly Uint8Array[]): void {
  writeFileSync(path, Buffer.concat(codes));
}

/** A code with its columns rolled to the right. */
export function rolled(code: Uint8Array, columns: number): Uint8Array {
  const result = new Uint8Array(CODE_BYTES);
  for (let row = 0; row < ROWS; row++) {
    for (let column = 0; column < COLUMNS; column++) {
      const to = (column + columns + COLUMNS) % COLUMNS;
      result[row * BYTES_A_ROW + (to >> 1)] |= placed(
        pixel(code[row * BYTES_A_ROW + (column >> 1)], column),
        to,
      );
    }
  }
  return result;
}

/** The capture rolled back to how the person was enrolled. @throws Error when the two share no usable bit */
export function upright(capture: Template, enrolled: Template, reach: number): Uint8Array {
  const least = leastDistance(compareTemplates(capture, enrolled).byRotation, reach);
  if (least === null) throw new Error('a capture and its enrolment share no usable bit');
  return rolled(capture.irisCodes, least.rotation);
}

/** The first column of a byte is its high half. */
function pixel(byte: number, column: number): number {
  return column % 2 === 0 ? byte >> 4 : byte & 0x0f;
}

function placed(bits: number, column: number): number {
  return column % 2 === 0 ? bits << 4 : bits;
}
