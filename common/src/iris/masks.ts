/**
 * Masks whose real and imaginary parts differ.
 *
 * Open IRIS masks the parts of a pixel apart since 1.6.0; here they share one bit. So a pixel counts when both of its
 * parts are usable, or the capture is refused.
 */

/** What is done about masks whose parts differ. */
export const MASK_RULES = ['combine', 'refuse'] as const;
export type MaskRule = (typeof MASK_RULES)[number];

/** Real bits of the pixels of a byte's imaginary ones. */
const IMAGINARY_BITS = 0x55;

/** The first byte of a packed mask that masks the parts of a pixel apart; -1 when there is none. */
export function maskedApart(mask: Uint8Array): number {
  return mask.findIndex((byte) => ((byte ^ (byte >> 1)) & IMAGINARY_BITS) !== 0);
}

/** The mask in which both parts of a pixel are usable where both were: a new one, of the same length. */
export function combinedMask(mask: Uint8Array): Uint8Array {
  return mask.map((byte) => {
    const both = byte & (byte >> 1) & IMAGINARY_BITS;
    return both | (both << 1);
  });
}
