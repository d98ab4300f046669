import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CODE_BYTES, type Template } from '@irispair/common/iris/template';
import { PARTIES, type PartyIndex } from '@irispair/common/parties/party';
import { recombineTemplate, SHARE_BYTES, shareTemplate } from './shares.js';

/** Half of the code's bits; the parts of a pixel share their mask. */
const template: Template = {
  irisCodes: Uint8Array.from({ length: CODE_BYTES }, (_, index) => (index * 167) & 0xff),
  maskCodes: Uint8Array.from({ length: CODE_BYTES }, (_, index) => (index % 5 === 0 ? 0xf3 : 0xff)),
};
const unmasked = template.irisCodes.map((byte, index) => byte & template.maskCodes[index]);

describe('shares of a template', () => {
  const shares = shareTemplate(template.irisCodes, template.maskCodes);

  it('give it back, of any two parties, code bits under the mask aside', () => {
    for (const first of PARTIES) {
      for (const second of PARTIES.filter((party) => party !== first)) {
        const back = recombineTemplate(
          { party: first, share: shares[first] },
          { party: second, share: shares[second] },
        );
        assert.deepEqual(back && [...back.irisCodes], [...unmasked]);
        assert.deepEqual(back && [...back.maskCodes], [...template.maskCodes]);
      }
    }
  });

  it('are drawn anew each time', () => {
    const again = shareTemplate(template.irisCodes, template.maskCodes);
    for (const party of PARTIES) {
      assert.equal(shares[party].byteLength, SHARE_BYTES);
      assert.notDeepEqual(shares[party], again[party]);
    }
    const [first, second] = PARTIES;
    const mixed = [
      { party: first, share: shares[first] },
      { party: second, share: again[second] },
    ] as const;
    assert.equal(recombineTemplate(...mixed), undefined);
  });

  it('are refused by field when they are none', () => {
    const [first, second] = PARTIES;
    const share = shares[first];
    const wrong: [PartyIndex, Uint8Array, RegExp][] = [
      [first, share, /second_party: must be another/],
      [3 as PartyIndex, share, /second_party: /],
      [second, share.subarray(1), /second: 38399 bytes/],
    ];
    for (const [party, held, problem] of wrong) {
      assert.throws(() => recombineTemplate({ party: first, share }, { party, share: held }), problem);
    }
    assert.throws(
      () => shareTemplate(template.irisCodes, new Uint8Array(3)),
      /mask_codes: 3 bytes, expected 1600/,
    );
  });
});
