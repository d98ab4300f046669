import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CODE_BYTES } from '@irispair/common/iris/template';
import { compareTemplates } from '@irispair/native/compare';
import { Population } from 'irispair/generate/population';
import { rolled, upright } from './codes.js';

const code = fc.uint8Array({ minLength: CODE_BYTES, maxLength: CODE_BYTES });
const rotation = fc.integer({ min: -15, max: 15 });
const everything = new Uint8Array(CODE_BYTES).fill(0xff);

describe('rolled codes', () => {
  it('roll back', () => {
    fc.assert(
      fc.property(code, rotation, (bits, columns) => {
        assert.deepEqual(rolled(rolled(bits, columns), -columns), bits);
      }),
    );
  });

  it('differ from others as the kernel counts it at that rotation', () => {
    fc.assert(
      fc.property(code, code, rotation, (probe, gallery, columns) => {
        const template = (irisCodes: Uint8Array) => ({ irisCodes, maskCodes: everything });
        const differing = (bits: Uint8Array, at: number) =>
          compareTemplates(template(bits), template(gallery)).byRotation.find(
            (distance) => distance.rotation === at,
          )?.differing;
        assert.equal(differing(rolled(probe, columns), 0), differing(probe, columns));
      }),
    );
  });
});

describe('an upright capture', () => {
  it('is nearest to its enrolment without rolling', () => {
    const population = new Population('codes');
    for (let index = 0; index < 20; index++) {
      const person = population.person(index);
      const { left: enrolled } = population.enrolment(person);
      const { left: capture } = population.again(person, 1);
      const template = { irisCodes: upright(capture, enrolled, 5), maskCodes: everything };
      const distances = compareTemplates(template, { ...enrolled, maskCodes: everything }).byRotation;
      const least = distances.reduce((best, one) => (one.differing < best.differing ? one : best));
      assert.equal(least.rotation, 0);
    }
  });
});
