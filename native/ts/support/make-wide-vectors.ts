/**
 * Writes the vectors at 256 columns, in the form of the published ones at 200:
 * `node native/dist/support/make-wide-vectors.js > test/vectors/wide-vectors.json.gz`.
 *
 * The figures come from the bit-by-bit calculation. The templates are the same at every run.
 */
import { createCipheriv } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Template } from '@irispair/common/iris/template';
import { figuresOf, mirrored, rolled, templateOfBits, type Figures } from './bit-by-bit.js';

const COLUMNS = 256;

const stream = createCipheriv('aes-128-ctr', Buffer.from('irispair-vectors'), Buffer.alloc(16));
let drawn: Buffer = Buffer.alloc(0);
let next = 0;

/** True with so many chances in 256. */
function chance(of256: number): boolean {
  if (next === drawn.length) {
    drawn = stream.update(Buffer.alloc(1 << 16));
    next = 0;
  }
  return drawn[next++] < of256;
}

function random(usable: number): Template {
  let usablePixel = false;
  return templateOfBits(COLUMNS, (_row, _column, _wavelet, part) => {
    // Both parts of a pixel share their mask.
    if (part === 0) usablePixel = chance(usable);
    return [chance(128) ? 1 : 0, usablePixel ? 1 : 0];
  });
}

/** The same eye captured again. */
function again(template: Template, rotation: number, flipped: number): Template {
  const turned = rolled(template, rotation);
  return {
    irisCodes: turned.irisCodes.map((byte) => {
      let noise = 0;
      for (let bit = 0; bit < 8; bit++) noise = (noise << 1) | (chance(flipped) ? 1 : 0);
      return byte ^ noise;
    }),
    maskCodes: turned.maskCodes,
  };
}

function filled(code: number, mask: number): Template {
  return templateOfBits(COLUMNS, () => [code, mask]);
}

const usual = random(220);
const templates: Record<string, Template> = {
  usual,
  again: again(usual, 4, 40),
  'turned far': again(usual, -15, 25),
  mirrored: again(mirrored(usual), -2, 30),
  stranger: random(200),
  'half usable': random(128),
  'hardly usable': random(4),
  unmasked: random(256),
  'all ones': filled(1, 1),
  'all zeros': filled(0, 1),
  'nothing usable': filled(1, 0),
};

function least(figures: Figures, reach: number): { fhd: number; shift: number } | null {
  let best: { fhd: number; shift: number } | null = null;
  figures.forEach(([differing, unmasked], index) => {
    const shift = index - 15;
    if (Math.abs(shift) > reach || unmasked === 0) return;
    const fhd = differing / unmasked;
    if (best === null || fhd < best.fhd) best = { fhd, shift };
  });
  return best;
}

const PAIRS: readonly (readonly [probe: string, gallery: string])[] = [
  ['usual', 'usual'],
  ['usual', 'again'],
  ['again', 'usual'],
  ['usual', 'turned far'],
  ['usual', 'mirrored'],
  ['usual', 'stranger'],
  ['stranger', 'half usable'],
  ['half usable', 'hardly usable'],
  ['unmasked', 'stranger'],
  ['unmasked', 'unmasked'],
  ['all ones', 'all zeros'],
  ['all ones', 'unmasked'],
  ['usual', 'nothing usable'],
];

const vectors = {
  templates: Object.entries(templates).map(([id, { irisCodes, maskCodes }]) => ({
    id,
    iris_codes: Buffer.from(irisCodes).toString('base64'),
    mask_codes: Buffer.from(maskCodes).toString('base64'),
  })),
  pairs: PAIRS.map(([probe, gallery]) => {
    const byShift = figuresOf(templates[probe], templates[gallery]);
    return {
      probe,
      gallery,
      by_shift: byShift,
      min11: least(byShift, 5),
      min31: least(byShift, 15),
      mirrored_probe_by_shift: figuresOf(mirrored(templates[probe]), templates[gallery]),
    };
  }),
};

process.stdout.write(gzipSync(JSON.stringify(vectors), { level: 9 }));
