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
export type ProbeCounts = Readonly<Record<ProbeKind | 'twins', number>>;

/** The probes of the demo of one pair. */
export const PROBES: ProbeCounts = { genuine: 300, mirrored: 100, stranger: 150, twins: 25 };

/** The probes for a population of which the first `people` are enrolled. */
export function* probes(population: Population, people: number, counts: ProbeCounts): Generator<Probe> {
  for (const kind of ['genuine', 'mirrored'] as const) {
    for (let index = 0; index < counts[kind]; index++) {
      // Spread over everybody, so that early and late enrolments are both looked for.
      const person = Math.floor((index * people) / counts[kind]);
      const again = population.again(population.person(person), kind === 'genuine' ? 1 : 2);
      yield { kind, person, iris: kind === 'genuine' ? again : mirrored(again) };
    }
  }
  for (let index = 0; index < counts.stranger; index++) {
    const stranger = population.enrolment(population.person(people + index));
    yield { kind: 'stranger', person: null, iris: stranger };
  }
}

/** Pairs of captures of people nobody has seen: of each pair one may be enrolled. */
export function* twins(population: Population, people: number, counts: ProbeCounts): Generator<[Iris, Iris]> {
  for (let index = 0; index < counts.twins; index++) {
    const person = population.person(people + counts.stranger + index);
    yield [population.enrolment(person), population.again(person, 1)];
  }
}
