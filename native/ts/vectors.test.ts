import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { Template } from '@irispair/common/iris/template';
import { PARTIES } from '@irispair/common/parties/party';
import { compareTemplates, leastDistance } from './compare.js';
import { fractionalHammingDistance, type Distance } from './distances.js';
import type { KernelName } from './engine-types.js';
import { availableKernels } from './engine.js';
import { recombineTemplate } from './shares.js';
import { figuresOf, mirrored, type Figures } from './support/bit-by-bit.js';

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

type WideVectors = Omit<Vectors, 'shares'>;

function read(file: string): unknown {
  return JSON.parse(
    gunzipSync(readFileSync(new URL(`../../test/vectors/${file}`, import.meta.url))).toString(),
  );
}

const vectors = read('iris-vectors.json.gz') as Vectors;
const wide = read('wide-vectors.json.gz') as WideVectors;

function templatesOf({ templates }: WideVectors): (id: string) => Template {
  const byId = new Map<string, Template>(
    templates.map(({ id, iris_codes, mask_codes }) => [
      id,
      { irisCodes: Buffer.from(iris_codes, 'base64'), maskCodes: Buffer.from(mask_codes, 'base64') },
    ]),
  );
  return (id) => {
    const found = byId.get(id);
    assert.ok(found, id);
    return found;
  };
}

const template = templatesOf(vectors);
const wideTemplate = templatesOf(wide);

function figures(distances: readonly Distance[]): Figures {
  return distances.map(({ differing, unmasked }) => [differing, unmasked]);
}

function least(distances: readonly Distance[], reach: number) {
  const distance = leastDistance(distances, reach);
  return distance && { fhd: fractionalHammingDistance(distance), shift: distance.rotation };
}

function assertReproduced(
  { pairs }: WideVectors,
  templateOf: (id: string) => Template,
  kernel: KernelName,
): void {
  for (const pair of pairs) {
    const comparison = compareTemplates(templateOf(pair.probe), templateOf(pair.gallery), kernel);
    assert.deepEqual(figures(comparison.byRotation), pair.by_shift);
    assert.deepEqual(figures(comparison.mirroredByRotation), pair.mirrored_probe_by_shift);
    assert.deepEqual(least(comparison.byRotation, 5), pair.min11);
    assert.deepEqual(least(comparison.byRotation, 15), pair.min31);
  }
}

describe('the vectors at 256 columns', () => {
  it('have the figures of a bit-by-bit calculation', () => {
    assert.equal(wide.pairs.length, 13);
    for (const { probe, gallery, by_shift, mirrored_probe_by_shift } of wide.pairs) {
      const [probeTemplate, galleryTemplate] = [wideTemplate(probe), wideTemplate(gallery)];
      assert.deepEqual(figuresOf(probeTemplate, galleryTemplate), by_shift);
      assert.deepEqual(figuresOf(mirrored(probeTemplate), galleryTemplate), mirrored_probe_by_shift);
    }
  });

  for (const kernel of availableKernels()) {
    it(`are reproduced by the ${kernel} kernel`, () => {
      assertReproduced(wide, wideTemplate, kernel);
    });
  }

  it('are not compared with templates of 200 columns', () => {
    const [{ id }] = vectors.templates;
    assert.throws(
      () => compareTemplates(wideTemplate('usual'), template(id)),
      /a template of 256 columns is/,
    );
    assert.throws(
      () => compareTemplates(template(id), wideTemplate('usual')),
      /a template of 200 columns is/,
    );
  });
});

describe('the published vectors', () => {
  it('agree with the bit-by-bit calculation', () => {
    for (const { probe, gallery, by_shift, mirrored_probe_by_shift } of vectors.pairs.slice(0, 8)) {
      assert.deepEqual(figuresOf(template(probe), template(gallery)), by_shift);
      assert.deepEqual(figuresOf(mirrored(template(probe)), template(gallery)), mirrored_probe_by_shift);
    }
  });

  for (const kernel of availableKernels()) {
    it(`are reproduced by the ${kernel} kernel`, () => {
      assert.equal(vectors.pairs.length, 38);
      assertReproduced(vectors, template, kernel);
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
