/**
 * Templates: code and mask of one eye, in the Open IRIS form.
 *
 * A code is 16 rows x 200 columns x 2 wavelets x 2 parts (real, imaginary) in that row-major order, packed with the
 * most significant bit first; a mask has the same shape, 1 = usable, and both parts of a pixel share their bit.
 */
import { InvalidInputError } from '../errors/errors.js';
import { Side } from './side.js';

/** Bits of a code, and of a mask. */
export const CODE_BITS = 12_800;

/** Bytes of a packed code, and of a packed mask. */
export const CODE_BYTES = CODE_BITS / 8;

/** Fewest usable bits of a template: with less, two masks may share no bit and the order of candidates is lost. */
export const LEAST_USABLE_BITS = CODE_BITS / 2;

/** Code and mask of one eye, 1,600 bytes each. */
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

/**
 * Checks a template that came from outside.
 * @param field path of the template in the request, such as `iris.left`
 * @throws InvalidInputError naming the field, the limit and the remedy
 */
export function checkTemplate(template: Template, field: string): void {
  checkLength(template.irisCodes, `${field}.iris_codes`);
  checkLength(template.maskCodes, `${field}.mask_codes`);
  checkPartsShareMask(template.maskCodes, `${field}.mask_codes`);
  const usable = countOnes(template.maskCodes);
  if (usable < LEAST_USABLE_BITS) {
    throw new InvalidInputError(
      `${field}.mask_codes`,
      `${usable} of ${CODE_BITS} bits are usable, at least ${LEAST_USABLE_BITS} must be: capture the eye again`,
    );
  }
}

function checkLength(bits: Uint8Array, field: string): void {
  if (bits.byteLength !== CODE_BYTES) {
    throw new InvalidInputError(
      field,
      `${bits.byteLength} bytes, expected ${CODE_BYTES}: 16 rows x 200 columns x 2 wavelets x 2 parts, packed 8 bits to a byte`,
    );
  }
}

function checkPartsShareMask(mask: Uint8Array, field: string): void {
  for (let index = 0; index < mask.length; index++) {
    const byte = mask[index];
    if (((byte ^ (byte >> 1)) & 0x55) !== 0) {
      throw new InvalidInputError(
        field,
        `byte ${index} masks the real and the imaginary part of a pixel differently: both must carry the same bit`,
      );
    }
  }
}
