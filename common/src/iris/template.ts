/**
 * Templates: code and mask of one eye, in the Open IRIS form.
 *
 * A code is 16 rows x 200 or 256 columns x 2 wavelets x 2 parts (real, imaginary) in that row-major order, packed with
 * the most significant bit first; a mask has the same shape, 1 = usable, and both parts of a pixel share their bit.
 */
import { InvalidInputError } from '../errors/errors.js';
import { combinedMask, maskedApart, type MaskRule } from './masks.js';
import {
  codeBits,
  codeBytes,
  columnsOfBytes,
  DEFAULT_COLUMNS,
  leastUsableBits,
  type Columns,
} from './shape.js';
import { Side } from './side.js';

/** Bytes of a packed code, and of a packed mask, where nothing says another shape. */
export const CODE_BYTES = codeBytes(DEFAULT_COLUMNS);

/** Code and mask of one eye, 1,600 or 2,048 bytes each. */
export interface Template {
  readonly irisCodes: Uint8Array;
  readonly maskCodes: Uint8Array;
}

/** Both eyes of one capture. */
export interface Iris {
  readonly left: Template;
  readonly right: Template;
}

/** The template of one side. */
export function templateOf(iris: Iris, side: Side): Template {
  return side === Side.Left ? iris.left : iris.right;
}

const ONES_IN_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => {
  let ones = 0;
  for (let rest = byte; rest !== 0; rest &= rest - 1) ones += 1;
  return ones;
});

/** Ones in packed bits. */
export function countOnes(bits: Uint8Array): number {
  let ones = 0;
  for (const byte of bits) ones += ONES_IN_BYTE[byte];
  return ones;
}

/** What a population takes. */
export interface TemplateTerms {
  readonly columns: Columns;
  readonly masks: MaskRule;
}

/**
 * Takes in a template that came from outside.
 * @param field path of the template in the request, such as `iris.left`
 * @returns it as it is compared and stored: both parts of a pixel carry the same mask bit
 * @throws InvalidInputError naming the field, the limit and the remedy
 */
export function acceptTemplate(template: Template, field: string, terms: TemplateTerms): Template {
  const { columns } = terms;
  checkLength(template.irisCodes, columns, `${field}.iris_codes`);
  checkLength(template.maskCodes, columns, `${field}.mask_codes`);
  const maskCodes = jointMask(template.maskCodes, terms.masks, `${field}.mask_codes`);
  const usable = countOnes(maskCodes);
  if (usable >= leastUsableBits(columns)) return { irisCodes: template.irisCodes, maskCodes };
  const counted = maskCodes === template.maskCodes ? '' : ' where both parts of a pixel are';
  throw new InvalidInputError(
    `${field}.mask_codes`,
    `${usable} of ${codeBits(columns)} bits are usable${counted}, at least ${leastUsableBits(columns)} must be: capture the eye again`,
  );
}

/** @throws InvalidInputError where the parts of a pixel are masked apart and the rule refuses that */
function jointMask(mask: Uint8Array, rule: MaskRule, field: string): Uint8Array {
  const apart = maskedApart(mask);
  if (apart < 0) return mask;
  if (rule === 'combine') return combinedMask(mask);
  throw new InvalidInputError(
    field,
    `byte ${apart} masks the real and the imaginary part of a pixel differently, which IRISPAIR_MASKS=refuse forbids: ` +
      'set maskisduplicated: True in filter_bank and in iris_response_refinement of Open IRIS, or IRISPAIR_MASKS=combine',
  );
}

function checkLength({ byteLength }: Uint8Array, columns: Columns, field: string): void {
  const expected = codeBytes(columns);
  if (byteLength === expected) return;
  const other = columnsOfBytes(byteLength);
  throw new InvalidInputError(
    field,
    `${byteLength} bytes, expected ${expected}: ${other === undefined ? describeShape(columns) : otherShape(columns, other)}`,
  );
}

function describeShape(columns: Columns): string {
  return `16 rows x ${columns} columns x 2 wavelets x 2 parts, packed 8 bits to a byte`;
}

function otherShape(columns: Columns, other: Columns): string {
  return (
    `this population has codes of ${columns} columns, and this code has ${other}: set n_cols: ${columns} in both probe ` +
    `schemas of Open IRIS, or start a population of ${other} columns with IRISPAIR_COLUMNS=${other} or \`irispair up --columns ${other}\``
  );
}
