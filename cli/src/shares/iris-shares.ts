/** Captures to three parties' shares and back. */
import { createHash, randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { irisMessage, type IrisMessage } from '@irispair/common/iris/message';
import { CODE_SHARE_BYTES, SHARE_NONCE_BYTES } from '@irispair/common/iris/share';
import type { Iris, Template } from '@irispair/common/iris/template';
import type { OfEachParty } from '@irispair/common/parties/party';
import { recombineTemplate, shareTemplate } from '@irispair/native/shares';
import type * as api from '@irispair/proto/public';
import { ofEachParty } from '../client/of-each-party.js';

/** Shares a capture afresh. Any one share says nothing of it, any two give it away. */
export function shareIris({ left, right }: Iris): OfEachParty<api.IrisShare> {
  const lefts = shareEye(left);
  const rights = shareEye(right);
  const nonces = ofEachParty(() => randomBytes(SHARE_NONCE_BYTES));
  const digests = ofEachParty((party) => digestOf(nonces[party], lefts[party], rights[party]));
  return ofEachParty((party) => ({
    party,
    left: lefts[party],
    right: rights[party],
    digests: [...digests],
    nonce: nonces[party],
  }));
}

/**
 * The capture that three parties hold shares of, code bits 0 under the mask.
 * @returns undefined when they are shares of different ones
 */
export function recombineIris(shares: OfEachParty<api.IrisShare>): IrisMessage | undefined {
  const left = recombineEye(ofEachParty((party) => shares[party].left));
  const right = recombineEye(ofEachParty((party) => shares[party].right));
  return left === undefined || right === undefined ? undefined : irisMessage({ left, right });
}

function shareEye({ irisCodes, maskCodes }: Template): OfEachParty<api.TemplateShare> {
  const shares = shareTemplate(irisCodes, maskCodes);
  return ofEachParty((party) => ({
    code: shares[party].subarray(0, CODE_SHARE_BYTES),
    mask: shares[party].subarray(CODE_SHARE_BYTES),
  }));
}

/** Two shares are a line through the secret: a third that lies on it is one of the same. */
function recombineEye(shares: OfEachParty<api.TemplateShare | undefined>): Template | undefined {
  const [first, second, third] = ofEachParty((party) => {
    const share = shares[party];
    return { party, share: Buffer.concat(share === undefined ? [] : [share.code, share.mask]) };
  });
  const template = recombineTemplate(first, second);
  return isDeepStrictEqual(template, recombineTemplate(first, third)) ? template : undefined;
}

function digestOf(nonce: Buffer, left: api.TemplateShare, right: api.TemplateShare): Buffer {
  const hash = createHash('sha256').update(nonce);
  for (const { code, mask } of [left, right]) hash.update(code).update(mask);
  return hash.digest();
}
