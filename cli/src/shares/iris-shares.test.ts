import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { InvalidInputError } from '@irispair/common/errors/errors';
import { irisMessage } from '@irispair/common/iris/message';
import type { Iris } from '@irispair/common/iris/template';
import { PARTIES } from '@irispair/common/parties/party';
import { Population } from '../generate/population.js';
import { recombineIris, shareIris } from './iris-shares.js';
import { formatShare, parseShare } from './share-file.js';

const population = new Population('shares');
const iris = population.enrolment(population.person(0));

function withoutMaskedBits({ left, right }: Iris): Iris {
  const eye = ({ irisCodes, maskCodes }: Iris['left']) => ({
    irisCodes: irisCodes.map((byte, index) => byte & maskCodes[index]),
    maskCodes,
  });
  return { left: eye(left), right: eye(right) };
}

describe('shares of a capture', () => {
  it('give it back, code bits under the mask aside', () => {
    assert.deepEqual(recombineIris(shareIris(iris)), irisMessage(withoutMaskedBits(iris)));
  });

  it('are other ones each time, with the digest of each', () => {
    const [first, again] = [shareIris(iris), shareIris(iris)];
    for (const party of PARTIES) {
      const { left, right, digests, nonce } = first[party];
      assert.notDeepEqual(left?.code, again[party].left?.code);
      assert.deepEqual(digests, first[0].digests);
      assert.notDeepEqual(nonce, again[party].nonce);
      const hash = createHash('sha256').update(nonce);
      for (const eye of [left, right]) hash.update(eye?.code ?? '').update(eye?.mask ?? '');
      assert.deepEqual(digests[party], hash.digest());
    }
  });

  it('give nothing back when one of the three is of another capture', () => {
    const other = shareIris(population.enrolment(population.person(1)));
    for (const party of PARTIES) {
      const [first, second, third] = shareIris(iris).map((share, place) =>
        place === party ? other[party] : share,
      );
      assert.equal(recombineIris([first, second, third]), undefined);
    }
  });
});

describe('a line of a party’s file', () => {
  const [, share] = shareIris(iris);
  const line = formatShare({ id: 'p', requestId: 'r', share });

  it('is read as it was written', () => {
    assert.deepEqual(parseShare(line), { id: 'p', requestId: 'r', share });
  });

  it('is refused by field', () => {
    const { left, ...rest } = JSON.parse(line) as Record<string, unknown> & { left: Record<string, string> };
    const wrong: [object | string, string][] = [
      ['{', 'line: not JSON'],
      [rest, 'left: missing'],
      [{ ...rest, left: { ...left, code: 'AAAA' } }, 'left.code: 3 bytes, expected 25600'],
      [{ ...rest, left: { ...left, mask: '*' } }, 'left.mask: not base64'],
      [{ ...rest, left: { ...left, mask: undefined } }, 'left.mask: missing: give a string of base64'],
      [{ ...rest, left, party: 3 }, 'party: give 0, 1 or 2'],
      [{ ...rest, left, party: '1' }, 'party: a string: give 0, 1 or 2'],
      [{ ...rest, left, digests: [] }, 'digests: give three'],
      [{ ...rest, left, nonce: '00' }, 'nonce: 1 bytes, expected 32'],
      [{ ...rest, left, request_id: '' }, 'request_id: empty'],
    ];
    for (const [held, problem] of wrong) {
      assert.throws(
        () => parseShare(typeof held === 'string' ? held : JSON.stringify(held)),
        (error) => error instanceof InvalidInputError && error.message.startsWith(problem),
        problem,
      );
    }
  });
});
