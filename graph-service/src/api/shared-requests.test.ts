import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InvalidInputError } from '@irispair/common/errors/errors';
import { PARTIES } from '@irispair/common/parties/party';
import type * as api from '@irispair/proto/public';
import { sharesOf } from '../support/three-parties.js';
import { plainRequests } from './plain-requests.js';
import { SharedRequests } from './shared-requests.js';

const PARTY = PARTIES[1];
const PLAIN_REQUESTS = plainRequests(() => ({ columns: 200, masks: 'combine' }));
const REQUESTS = new SharedRequests(PARTY);
const SHARES = sharesOf({ left: 1, right: 2 });
const GOOD: api.SearchRequest = { share: SHARES[PARTY], orList: [3], requestId: 'one' };

function refusal(check: () => unknown): string {
  try {
    check();
  } catch (error) {
    assert.ok(error instanceof InvalidInputError, String(error));
    return error.message;
  }
  return assert.fail('the request was accepted');
}

function withShare(change: Partial<api.IrisShare>): api.SearchRequest {
  return { ...GOOD, share: { ...SHARES[PARTY], ...change } };
}

describe('a request to a party', () => {
  it('is named by its id and by what is asked, the same at all parties', () => {
    const names = PARTIES.map((party) => {
      const ask = new SharedRequests(party).search('enroll', { ...GOOD, share: SHARES[party] });
      return ask.name;
    });
    assert.deepEqual(names[1], names[0]);
    assert.deepEqual(names[2], names[0]);
    const other = REQUESTS.search('search', GOOD).name;
    assert.notDeepEqual(other?.digest, names[0]?.digest);
    assert.notDeepEqual(REQUESTS.search('search', { ...GOOD, orList: [4] }).name?.digest, other?.digest);
    const [first, second] = [1, 2].map((serialId) => REQUESTS.delete({ serialId, requestId: 'gone' }));
    assert.notDeepEqual(first.name?.digest, second.name?.digest);
  });

  it('is refused by field, limit and remedy', () => {
    const { left, digests } = SHARES[PARTY];
    const short = left === undefined ? left : { ...left, code: left.code.subarray(1) };
    const thin = left === undefined ? left : { ...left, mask: Buffer.alloc(0) };
    const cases: [api.SearchRequest, RegExp][] = [
      [{ ...GOOD, share: undefined }, /^share: missing: this pair is in secret-shared mode: send each party/],
      [{ ...GOOD, iris: { left: undefined, right: undefined } }, /^iris: .*no party may see an iris/],
      [{ ...GOOD, requestId: undefined }, /^request_id: missing: .*all three parties the same/],
      [{ ...GOOD, requestId: '' }, /^request_id: 0 characters, 1 to 128/],
      [{ ...GOOD, requestId: 'x'.repeat(129) }, /^request_id: 129 characters, 1 to 128/],
      [withShare({ party: 2 }), /^share.party: 2, and this pair is party 1/],
      [withShare({ left: undefined }), /^share.left: missing/],
      [withShare({ left: short }), /^share.left.code: 25599 bytes, expected 25600/],
      [withShare({ left: thin }), /^share.left.mask: 0 bytes, expected 12800/],
      [withShare({ digests: digests.slice(1) }), /^share.digests: 2 digests, expected 3/],
      [
        withShare({ digests: [Buffer.alloc(31), ...digests.slice(1)] }),
        /^share.digests\[0\]: 31 bytes, expected 32/,
      ],
      [withShare({ right: left }), /^share.digests\[1\]: it is not SHA-256 of this nonce and share/],
      [withShare({ nonce: Buffer.alloc(0) }), /^share.nonce: 0 bytes, expected 32/],
    ];
    for (const [request, message] of cases)
      assert.match(
        refusal(() => REQUESTS.search('search', request)),
        message,
      );
  });

  it('is refused by a pair in plain mode, which says what it takes', () => {
    assert.match(
      refusal(() => PLAIN_REQUESTS.search('enroll', GOOD)),
      /^share: this pair is in plain mode.*send `iris`/,
    );
    assert.match(
      refusal(() => PLAIN_REQUESTS.delete({ serialId: 1, requestId: 'x' })),
      /^request_id: this pair is in plain mode/,
    );
  });
});
