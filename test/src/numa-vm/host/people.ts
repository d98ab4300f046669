/** Writes the people's captures as files, so that the slow guest need not make them up. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Iris } from '@irispair/common/iris/template';
import { mirrored } from 'irispair/generate/mirror';
import { Population } from 'irispair/generate/population';
import { formatCapture } from 'irispair/input/ndjson';
import { GROUPS, type CaptureKind } from '../people.js';

/** One NDJSON file for each group. */
export function writePeople(directory: string): void {
  const population = new Population('numa-vm');
  for (const [name, { capture, first, people }] of Object.entries(GROUPS)) {
    const lines = Array.from({ length: people }, (_, offset) => {
      const index = first + offset;
      return `${formatCapture({ id: `person-${index}`, iris: captureOf(population, index, capture) })}\n`;
    });
    writeFileSync(join(directory, `${name}.ndjson`), lines.join(''));
  }
}

function captureOf(population: Population, index: number, kind: CaptureKind): Iris {
  const person = population.person(index);
  switch (kind) {
    case 'enrolment':
      return population.enrolment(person);
    case 'again':
      return population.again(person, 1);
    case 'mirrored':
      return mirrored(population.again(person, 1));
  }
}
