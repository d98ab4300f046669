import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkTemplate, CODE_BYTES, type Template } from '@irispair/common/iris/template';
import { compareTemplates, leastDistance } from '@irispair/native/compare';
import { irisOf } from '../support/irises.js';
import { recaptureOf } from './recapture.js';

const EYES = 60;

function fhd(probe: Template, gallery: Template): { fhd: number; rotation: number } {
  const least = leastDistance(compareTemplates(probe, gallery).byRotation, 5);
  assert.ok(least !== null);
  return { fhd: least.differing / least.unmasked, rotation: least.rotation };
}

describe('a capture made up', () => {
  it('is a template that differs from the stored one as genuine captures do, both eyes rolled alike', async () => {
    const rotations = new Set<number>();
    for (let index = 0; index < EYES; index++) {
      const stored = irisOf(`person ${index}`);
      const again = await recaptureOf(stored);
      checkTemplate(again.left, 'left');
      checkTemplate(again.right, 'right');
      const left = fhd(again.left, stored.left);
      const right = fhd(again.right, stored.right);
      assert.equal(left.rotation, right.rotation);
      rotations.add(left.rotation);
      for (const eye of [left, right]) assert.ok(eye.fhd > 0.03 && eye.fhd < 0.32, `FHD ${eye.fhd}`);
      const stranger = fhd(again.left, irisOf(`person ${index + 1}`).left);
      assert.ok(stranger.fhd > 0.4, `a stranger at ${stranger.fhd}`);
    }
    assert.ok(rotations.size > 5, `${rotations.size} rotations`);
  });

  it('keeps half of the bits usable where no more are', async () => {
    const { left, right } = irisOf('narrow');
    const maskCodes = new Uint8Array(CODE_BYTES).fill(0xff, 0, CODE_BYTES / 2);
    for (let time = 0; time < 10; time++) {
      const again = await recaptureOf({ left: { ...left, maskCodes }, right: { ...right, maskCodes } });
      checkTemplate(again.left, 'left');
      checkTemplate(again.right, 'right');
    }
  });
});
