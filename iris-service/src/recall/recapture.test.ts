import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { disturb, drawField, type Field } from '@irispair/common/iris/field';
import { Keystream } from '@irispair/common/iris/keystream';
import {
  acceptTemplate,
  CODE_BYTES,
  type Template,
  type TemplateTerms,
} from '@irispair/common/iris/template';
import { compareTemplates, leastDistance } from '@irispair/native/compare';
import { irisOf } from '../support/irises.js';
import { recaptureOf } from './recapture.js';

const EYES = 60;
const STRANGERS = 80;
const UNROLLED = 15;
const TERMS: TemplateTerms = { columns: 200, masks: 'refuse' };

function leastFhd(probe: Template, gallery: Template): { fhd: number; rotation: number } {
  const least = leastDistance(compareTemplates(probe, gallery).byRotation, 5);
  assert.ok(least !== null);
  return { fhd: least.differing / least.unmasked, rotation: least.rotation };
}

function fhdAt(probe: Template, gallery: Template, rotation: number): number {
  const { differing, unmasked } = compareTemplates(probe, gallery).byRotation[UNROLLED + rotation];
  return differing / unmasked;
}

/** A capture of an eye of which nothing is hidden. */
function signsOf(field: Field): Template {
  const irisCodes = new Uint8Array(CODE_BYTES);
  field.forEach((value, bit) => {
    if (value > 0) irisCodes[bit >> 3] |= 0x80 >> (bit & 7);
  });
  return { irisCodes, maskCodes: new Uint8Array(CODE_BYTES).fill(0xff) };
}

/** Pearson's. */
function correlation(first: readonly number[], second: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const covariance = (one: readonly number[], other: readonly number[]) =>
    mean(one.map((value, place) => (value - mean(one)) * (other[place] - mean(other))));
  return covariance(first, second) / Math.sqrt(covariance(first, first) * covariance(second, second));
}

describe('a capture made up', () => {
  it('is a template that differs from the stored one as genuine captures do, both eyes rolled alike', async () => {
    const rotations = new Set<number>();
    for (let index = 0; index < EYES; index++) {
      const stored = irisOf(`person ${index}`);
      const again = await recaptureOf(stored, 200);
      acceptTemplate(again.left, 'left', TERMS);
      acceptTemplate(again.right, 'right', TERMS);
      const left = leastFhd(again.left, stored.left);
      const right = leastFhd(again.right, stored.right);
      assert.equal(left.rotation, right.rotation);
      rotations.add(left.rotation);
      for (const eye of [left, right]) assert.ok(eye.fhd > 0.03 && eye.fhd < 0.32, `FHD ${eye.fhd}`);
      const stranger = leastFhd(again.left, irisOf(`person ${index + 1}`).left);
      assert.ok(stranger.fhd > 0.4, `a stranger at ${stranger.fhd}`);
    }
    assert.ok(rotations.size > 5, `${rotations.size} rotations`);
  });

  it('is as near to strangers as a genuine capture is: not as the enrolled one was', async () => {
    const random = new Keystream('eyes', []);
    const strangers = Array.from({ length: STRANGERS }, () => signsOf(drawField(random, 200)));
    let genuine = 0;
    let madeUp = 0;
    for (let index = 0; index < EYES; index++) {
      const eye = drawField(random, 200);
      const enrolled = signsOf(eye);
      const before = strangers.map((stranger) => fhdAt(enrolled, stranger, 0));
      const fhd = (random.uniform(0.05, 0.3) + random.uniform(0.05, 0.3)) / 2;
      const again = signsOf(disturb(eye, Math.cos(Math.PI * fhd), random));
      genuine += correlation(
        before,
        strangers.map((stranger) => fhdAt(again, stranger, 0)),
      );
      const { left } = await recaptureOf({ left: enrolled, right: enrolled }, 200);
      const { rotation } = leastFhd(left, enrolled);
      madeUp += correlation(
        before,
        strangers.map((stranger) => fhdAt(left, stranger, rotation)),
      );
    }
    // 0.78 and 0.81; with a noise of no texture the second is 0.98.
    assert.ok(Math.abs(genuine - madeUp) / EYES < 0.1, `${genuine / EYES} and ${madeUp / EYES}`);
  });

  it('keeps half of the bits usable where no more are', async () => {
    const { left, right } = irisOf('narrow');
    const maskCodes = new Uint8Array(CODE_BYTES).fill(0xff, 0, CODE_BYTES / 2);
    for (let time = 0; time < 10; time++) {
      const again = await recaptureOf({ left: { ...left, maskCodes }, right: { ...right, maskCodes } }, 200);
      acceptTemplate(again.left, 'left', TERMS);
      acceptTemplate(again.right, 'right', TERMS);
    }
  });
});
