/** Templates to three parties' shares and back: what clients do before they send anything. */
import { randomBytes } from 'node:crypto';
import { CODE_SHARE_BYTES, MASK_SHARE_BYTES } from '@irispair/common/iris/share';
import { CODE_BYTES, type Template } from '@irispair/common/iris/template';
import type { OfEachParty, PartyIndex } from '@irispair/common/parties/party';
import { binding } from './binding.js';

/** Bytes of one party's share of an eye: of the code, then of the mask. */
export const SHARE_BYTES = CODE_SHARE_BYTES + MASK_SHARE_BYTES;

/**
 * Shares an eye afresh, by randomness of the operating system.
 * @param code packed, 1,600 bytes
 * @param mask packed, 1,600 bytes; the parts of a pixel share their bit
 * @returns 38,400 bytes a party
 */
export function shareTemplate(code: Uint8Array, mask: Uint8Array): OfEachParty<Buffer> {
  const shares = binding.shareEye(code, mask, randomBytes(SHARE_BYTES));
  const of = (party: number) => shares.subarray(party * SHARE_BYTES, (party + 1) * SHARE_BYTES);
  return [of(0), of(1), of(2)];
}

/** One party's share of an eye. */
export interface PartyShare {
  readonly party: PartyIndex;
  /** 38,400 bytes. */
  readonly share: Uint8Array;
}

/**
 * The eye that two parties hold shares of, code bits 0 under the mask.
 * @returns undefined when what they hold gives no template: they are shares of different eyes
 */
export function recombineTemplate(first: PartyShare, second: PartyShare): Template | undefined {
  const decoded = binding.recombineEye(first.party, first.share, second.party, second.share);
  if (decoded === null) return undefined;
  return { irisCodes: decoded.subarray(0, CODE_BYTES), maskCodes: decoded.subarray(CODE_BYTES) };
}
