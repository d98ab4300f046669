/** The demo's probes, and what the right answer to each is. */
import type { Iris } from '@irispair/common/iris/template';
import { mirrored } from '../generate/mirror.js';
import type { Population } from '../generate/population.js';

/** What a probe is. */
export type ProbeKind = 'genuine' | 'stranger' | 'mirrored';

/** One probe to search for. */
export interface Probe {
  readonly kind: ProbeKind;
  /** Index of the enrolled person it shows; null for a stranger. */
  readonly person: number | null;
  readonly iris: Iris;
}

/** How many probes of each kind; twins are enrolled in pairs. */
export const PROBES = { genuine: 300, mirrored: 100, stranger: 150, twins: 25 } as const;

/** The probes for a population of which the first `people` are enrolled. */
export function* probes(population: Population, people: number): Generator<Probe> {
  for (const kind of ['genuine', 'mirrored'] as const) {
    for (let index = 0; index < PROBES[kind]; index++) {
      // Spread over everybody, so that early and late enrolments are both looked for.
      const person = Math.floor((index * people) / PROBES[kind]);
      const again = population.again(population.person(person), kind === 'genuine' ? 1 : 2);
      yield { kind, person, iris: kind === 'genuine' ? again : mirrored(again) };
    }
  }
  for (let index = 0; index < PROBES.stranger; index++) {
    const stranger = population.enrolment(population.person(people + index));
    yield { kind: 'stranger', person: null, iris: stranger };
  }
}

/** Pairs of captures of people nobody has seen: of each pair one may be enrolled. */
export function* twins(population: Population, people: number): Generator<[Iris, Iris]> {
  for (let index = 0; index < PROBES.twins; index++) {
    const person = population.person(people + PROBES.stranger + index);
    yield [population.enrolment(person), population.again(person, 1)];
  }
}
