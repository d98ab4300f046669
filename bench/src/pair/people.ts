/** Who is enrolled and who is searched for: always the same people, made up before any clock runs. */
import type { Iris } from '@irispair/common/iris/template';
import { Population } from 'irispair/generate/population';
import { startProgress } from 'irispair/output/progress';

/** One capture to search for. */
export interface Probe {
  /** Index of the enrolled person it shows; null for a stranger. */
  readonly person: number | null;
  readonly iris: Iris;
}

const POPULATION = new Population('bench');
/** Strangers have indices beyond everybody who may be enrolled. */
const FIRST_STRANGER = 1_000_000;
const FIRST_WARMING_STRANGER = 2_000_000;
const GENUINE_TO_A_STRANGER = 4;
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;

/** The captures that people are enrolled with, by index. */
export function enrolments(people: number): Iris[] {
  const progress = startProgress(`generating ${people} people`, people);
  const irises = Array.from({ length: people }, (_, index) => {
    progress.step();
    return POPULATION.enrolment(POPULATION.person(index));
  });
  progress.stop();
  return irises;
}

/** New captures of enrolled people, spread over all of them, with a stranger after every fourth. */
export function probes(people: number, genuine: number): Probe[] {
  const progress = startProgress('generating probes', genuine);
  const all = Array.from({ length: genuine }, (_, index) => {
    progress.step();
    const person = Math.floor(((index * GOLDEN_RATIO) % 1) * people);
    // One capture of a person each time the person comes up again.
    const again = 1 + Math.floor(index / people);
    const shown: Probe = { person, iris: POPULATION.again(POPULATION.person(person), again) };
    return index % GENUINE_TO_A_STRANGER === 0 ? [shown, stranger(FIRST_STRANGER + index)] : [shown];
  });
  progress.stop();
  return all.flat();
}

/** Captures of people who are neither enrolled nor among the probes. */
export function warmingProbes(count: number): Probe[] {
  return Array.from({ length: count }, (_, index) => stranger(FIRST_WARMING_STRANGER + index));
}

function stranger(index: number): Probe {
  return { person: null, iris: POPULATION.enrolment(POPULATION.person(index)) };
}
