/**
 * Requests in secret-shared mode: this party's share of a capture, with the digests of all three shares.
 *
 * Nobody can see here whether enough of an eye is usable: the client checks that before it shares.
 */
import { InvalidInputError } from '@irispair/common/errors/errors';
import { serialId } from '@irispair/common/ids/vector-id';
import { CODE_SHARE_BYTES, MASK_SHARE_BYTES, SHARE_NONCE_BYTES } from '@irispair/common/iris/share';
import type { Iris, Template } from '@irispair/common/iris/template';
import { PARTY_COUNT, type PartyIndex } from '@irispair/common/parties/party';
import type { Template as StoredTemplate } from '@irispair/proto/compute';
import type * as api from '@irispair/proto/public';
import { DIGEST_BYTES, requestDigest, shareDigest } from '../agreement/request-digest.js';
import type { Ask } from '../batch/request.js';
import type { RequestForm } from './requests.js';
import { checkDelete, checkOrList, checkRequestId } from './validation.js';

const MODE = 'this pair is in secret-shared mode';
const REMEDY = 'send each party its share (`irispair share`, or the client with three addresses)';

/** Reads and writes them. */
export class SharedRequests implements RequestForm {
  constructor(private readonly party: PartyIndex) {}

  search(kind: 'enroll' | 'search', request: api.EnrollRequest | api.SearchRequest): Ask {
    refuseIris(request.iris);
    const { iris, digests } = this.readShare(request.share);
    return named({ kind, iris, orList: checkOrList(request.orList) }, digests, request.requestId);
  }

  verify(kind: 'verify' | 'reauthenticate', request: api.VerifyRequest | api.ReauthenticateRequest): Ask {
    refuseIris(request.iris);
    const { iris, digests } = this.readShare(request.share);
    return named({ kind, iris, serialId: serialId(request.serialId) }, digests, request.requestId);
  }

  delete(request: api.DeleteRequest): Ask {
    return named(checkDelete(request), [], request.requestId);
  }

  /** Neither digests nor nonces are kept. */
  writeIris({ left, right }: { left?: StoredTemplate | undefined; right?: StoredTemplate | undefined }) {
    if (left === undefined || right === undefined) return undefined;
    return {
      share: {
        party: this.party,
        left: writeShare(left),
        right: writeShare(right),
        digests: [],
        nonce: Buffer.alloc(0),
      },
    };
  }

  private readShare(share: api.IrisShare | undefined): { iris: Iris; digests: readonly Buffer[] } {
    if (share === undefined) throw new InvalidInputError('share', `missing: ${MODE}: ${REMEDY}`);
    const { party, digests, nonce } = share;
    if (party !== this.party) {
      throw new InvalidInputError(
        'share.party',
        `${party}, and this pair is party ${this.party}: send each party its own share`,
      );
    }
    const left = readEye(share.left, 'share.left');
    const right = readEye(share.right, 'share.right');
    if (nonce.byteLength !== SHARE_NONCE_BYTES) {
      throw new InvalidInputError(
        'share.nonce',
        `${nonce.byteLength} bytes, expected ${SHARE_NONCE_BYTES}: random ones, for this party alone`,
      );
    }
    if (digests.length !== PARTY_COUNT) {
      throw new InvalidInputError(
        'share.digests',
        `${digests.length} digests, expected ${PARTY_COUNT}: SHA-256 of each party's nonce and share, party 0 first`,
      );
    }
    digests.forEach((digest, place) => {
      if (digest.byteLength === DIGEST_BYTES) return;
      throw new InvalidInputError(
        `share.digests[${place}]`,
        `${digest.byteLength} bytes, expected ${DIGEST_BYTES}: SHA-256 of the nonce and share of party ${place}`,
      );
    });
    const own = shareDigest(nonce, [left.irisCodes, left.maskCodes, right.irisCodes, right.maskCodes]);
    if (!own.equals(digests[this.party])) {
      throw new InvalidInputError(
        `share.digests[${this.party}]`,
        `it is not SHA-256 of this nonce and share (left code, left mask, right code, right mask): share the capture anew`,
      );
    }
    return { iris: { left, right }, digests };
  }
}

function named(ask: Ask, digests: readonly Buffer[], requestId: string | undefined): Ask {
  if (requestId === undefined) {
    throw new InvalidInputError('request_id', `missing: ${MODE}: give all three parties the same one`);
  }
  checkRequestId(requestId);
  return { ...ask, name: { requestId, digest: requestDigest(ask, digests) } };
}

function refuseIris(iris: api.Iris | undefined): void {
  if (iris === undefined) return;
  throw new InvalidInputError('iris', `${MODE}, where no party may see an iris: ${REMEDY}`);
}

function readEye(share: api.TemplateShare | undefined, field: string): Template {
  if (share === undefined) throw new InvalidInputError(field, 'missing: send the shares of both eyes');
  checkLength(share.code, CODE_SHARE_BYTES, `${field}.code`);
  checkLength(share.mask, MASK_SHARE_BYTES, `${field}.mask`);
  return { irisCodes: share.code, maskCodes: share.mask };
}

function checkLength(bytes: Uint8Array, expected: number, field: string): void {
  if (bytes.byteLength === expected) return;
  throw new InvalidInputError(
    field,
    `${bytes.byteLength} bytes, expected ${expected}: ${expected / 2} little-endian u16`,
  );
}

function writeShare({ irisCodes, maskCodes }: StoredTemplate): api.TemplateShare {
  return { code: irisCodes, mask: maskCodes };
}
