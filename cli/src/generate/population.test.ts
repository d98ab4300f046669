import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { COLUMNS, type Columns } from '@irispair/common/iris/shape';
import { acceptTemplate, type Template } from '@irispair/common/iris/template';
import { compareTemplates, leastDistance } from '@irispair/native/compare';
import { fractionalHammingDistance } from '@irispair/native/distances';
import { cellOf, ROWS } from '@irispair/common/iris/field';
import { mirrored } from './mirror.js';
import { Population } from './population.js';

/** Correlations of bits some columns apart: what is 0.45, 0.20 and 0.16 at 1, 2 and 4 of 200 columns reaches farther in 256. */
const ALONG_COLUMNS: Readonly<Record<Columns, readonly (readonly [columns: number, correlation: number])[]>> =
  {
    200: [
      [1, 0.45],
      [2, 0.2],
      [4, 0.16],
    ],
    256: [
      [1, 0.54],
      [2, 0.27],
      [5, 0.16],
    ],
  };
const PEOPLE = 40;
/** Of strangers' distances: more columns of the same texture hold somewhat more that is independent. */
const SPREADS: Readonly<Record<Columns, number>> = { 200: 0.03, 256: 0.0285 };

function bitOf({ irisCodes }: Template, cell: number): number {
  return ((irisCodes[cell >> 3] >> (7 - (cell & 7))) & 1) * 2 - 1;
}

function isUsable({ maskCodes }: Template, cell: number): boolean {
  return ((maskCodes[cell >> 3] >> (7 - (cell & 7))) & 1) === 1;
}

/** Mean product of usable bits some rows and columns apart. */
function autocorrelation(eyes: readonly Template[], shape: Columns, rows: number, columns: number): number {
  let sum = 0;
  let count = 0;
  for (const eye of eyes) {
    for (let row = 0; row + rows < ROWS; row++) {
      for (let column = 0; column < shape; column++) {
        for (let pixel = 0; pixel < 4; pixel++) {
          const here = cellOf(shape, row, column, 0, 0) + pixel;
          const there = cellOf(shape, row + rows, (column + columns) % shape, 0, 0) + pixel;
          if (!isUsable(eye, here) || !isUsable(eye, there)) continue;
          sum += bitOf(eye, here) * bitOf(eye, there);
          count += 1;
        }
      }
    }
  }
  return sum / count;
}

function unrotatedFhd(a: Template, b: Template): number {
  return fractionalHammingDistance(compareTemplates(a, b).byRotation[15]);
}

function least(a: Template, b: Template): number {
  const distance = leastDistance(compareTemplates(a, b).byRotation, 5);
  assert.ok(distance);
  return fractionalHammingDistance(distance);
}

function near(actual: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not within ${tolerance} of ${expected}`);
}

for (const columns of COLUMNS) {
  describe(`generated codes of ${columns} columns`, () => {
    const population = new Population('statistics', columns);
    const people = Array.from({ length: PEOPLE }, (_, index) => population.person(index));
    const enrolments = people.map((person) => population.enrolment(person));

    it('correlate over columns and rows as real ones do', () => {
      const eyes = enrolments.map(({ left }) => left);
      for (const [apart, expected] of ALONG_COLUMNS[columns]) {
        near(autocorrelation(eyes, columns, 0, apart), expected, 0.05);
      }
      for (const [rows, expected] of [
        [1, 0.67],
        [2, 0.4],
        [3, 0.21],
      ]) {
        near(autocorrelation(eyes, columns, rows, 0), expected, 0.05);
      }
    });

    it('put strangers at 0.5 with a spread of about 0.03', () => {
      const distances = enrolments.flatMap(({ left }, index) =>
        enrolments.slice(0, index).map((other) => unrotatedFhd(left, other.left)),
      );
      const mean = distances.reduce((sum, fhd) => sum + fhd, 0) / distances.length;
      const spread = Math.sqrt(distances.reduce((sum, fhd) => sum + (fhd - mean) ** 2, 0) / distances.length);
      near(mean, 0.5, 0.01);
      near(spread, SPREADS[columns], 0.005);
    });

    it('put another capture of the same eye mostly between 0.05 and 0.30, always below the threshold', () => {
      const distances = people.flatMap((person, index) => {
        const again = population.again(person, 1);
        return [least(again.left, enrolments[index].left), least(again.right, enrolments[index].right)];
      });
      const within = distances.filter((fhd) => fhd >= 0.05 && fhd <= 0.3).length;
      assert.ok(within / distances.length >= 0.9);
      assert.ok(Math.max(...distances) < 0.375);
    });

    it('say nothing of the eye under the mask', () => {
      let hidden = 0;
      let agreeing = 0;
      enrolments.forEach(({ left }, index) => {
        for (let cell = 0; cell < ROWS * columns * 4; cell++) {
          if (isUsable(left, cell)) continue;
          hidden += 1;
          agreeing += Number(bitOf(left, cell) > 0 === people[index].left[cell] > 0);
        }
      });
      assert.ok(hidden > 10_000);
      near(agreeing / hidden, 0.5, 0.02);
    });

    it('are valid templates that depend on the seed and the index alone', () => {
      for (const { left, right } of enrolments) {
        acceptTemplate(left, 'left', { columns, masks: 'refuse' });
        acceptTemplate(right, 'right', { columns, masks: 'refuse' });
      }
      const same = new Population('statistics', columns);
      assert.deepEqual(same.again(same.person(3), 2), population.again(people[3], 2));
      assert.notDeepEqual(new Population('other', columns).enrolment(people[3]), enrolments[3]);
    });

    it('mirror back to themselves, and match their mirrored selves crosswise', () => {
      assert.deepEqual(mirrored(mirrored(enrolments[0])), enrolments[0]);
      const flipped = mirrored(enrolments[0]);
      assert.ok(least(flipped.left, enrolments[0].left) > 0.375);
      const comparison = compareTemplates(flipped.right, enrolments[0].left).mirroredByRotation;
      assert.equal(leastDistance(comparison, 5)?.differing, 0);
    });
  });
}
