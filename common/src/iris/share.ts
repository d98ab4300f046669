/** One party's share of an eye: u16 little-endian, in the order (part, wavelet, row mod 4, column, row div 4). */
import { codeBits, type Columns } from './shape.js';

/** Columns of the codes that are shared: no other shape has shares. */
export const SHARED_COLUMNS: Columns = 200;

const ELEMENT_BYTES = 2;

/** Bytes of a code's share: 12,800 elements. */
export const CODE_SHARE_BYTES = codeBits(SHARED_COLUMNS) * ELEMENT_BYTES;

/** Bytes of a mask's share: the 6,400 elements of the first part, which the parts share. */
export const MASK_SHARE_BYTES = CODE_SHARE_BYTES / 2;

/** Bytes of what is random beside a share, so that its digest tells nothing to those who guess. */
export const SHARE_NONCE_BYTES = 32;
