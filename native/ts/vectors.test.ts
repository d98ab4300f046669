import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { Template } from '@irispair/common/iris/template';
import { PARTIES } from '@irispair/common/parties/party';
import { compareTemplates, leastDistance } from './compare.js';
import { fractionalHammingDistance, type Distance } from './distances.js';
import { availableKernels } from './engine.js';
import { recombineTemplate } from './shares.js';

type Figures = [differing: number, unmasked: number][];

interface Vectors {
  templates: { id: string; iris_codes: string; mask_codes: string }[];
  pairs: {
    probe: string;
    gallery: string;
    by_shift: Figures;
    min11: { fhd: number; shift: number } | null;
    min31: { fhd: number; shift: number } | null;
    mirrored_probe_by_shift: Figures;
  }[];
  shares: { id: string; parties: { code: string; mask: string }[] }[];
}

const vectors = JSON.parse(
  gunzipSync(readFileSync(new URL('../../test/vectors/iris-vectors.json.gz', import.meta.url))).toString(),
) as Vectors;

const templates = new Map<string, Template>(
  vectors.templates.map(({ id, iris_codes, mask_codes }) => [
    id,
    { irisCodes: Buffer.from(iris_codes, 'base64'), maskCodes: Buffer.from(mask_codes, 'base64') },
  ]),
);

function template(id: string): Template {
  const found = templates.get(id);
  assert.ok(found);
  return found;
}

function figures(distances: readonly Distance[]): Figures {
  return distances.map(({ differing, unmasked }) => [differing, unmasked]);
}

function least(distances: readonly Distance[], reach: number) {
  const distance = leastDistance(distances, reach);
  return distance && { fhd: fractionalHammingDistance(distance), shift: distance.rotation };
}

describe('the published vectors', () => {
  for (const kernel of availableKernels()) {
    it(`are reproduced by the ${kernel} kernel`, () => {
      assert.equal(vectors.pairs.length, 38);
      for (const pair of vectors.pairs) {
        const comparison = compareTemplates(template(pair.probe), template(pair.gallery), kernel);
        assert.deepEqual(figures(comparison.byRotation), pair.by_shift);
        assert.deepEqual(figures(comparison.mirroredByRotation), pair.mirrored_probe_by_shift);
        assert.deepEqual(least(comparison.byRotation, 5), pair.min11);
        assert.deepEqual(least(comparison.byRotation, 15), pair.min31);
      }
    });
  }

  it('are what any two parties recombine their published shares to', () => {
    assert.equal(vectors.shares.length, 4);
    for (const { id, parties } of vectors.shares) {
      const held = PARTIES.map((party) => {
        const { code, mask } = parties[party];
        return { party, share: Buffer.concat([Buffer.from(code, 'base64'), Buffer.from(mask, 'base64')]) };
      });
      const { irisCodes, maskCodes } = template(id);
      for (const [first, second] of [
        [0, 1],
        [1, 2],
        [2, 0],
      ]) {
        const eye = recombineTemplate(held[first], held[second]);
        assert.ok(eye);
        assert.deepEqual(eye.irisCodes, Buffer.from(irisCodes.map((byte, index) => byte & maskCodes[index])));
        assert.deepEqual(eye.maskCodes, maskCodes);
      }
    }
  });
});
