/** The captures that a demo enrols. */
import type { Iris } from '@irispair/common/iris/template';
import type { Population } from '../generate/population.js';
import { startProgress } from '../output/progress.js';

/** Makes everybody up before the clock runs. Yields now and then, so that a signal is seen. */
export async function makeEnrolments(population: Population, people: number): Promise<Iris[]> {
  const progress = startProgress('generating', people);
  const irises: Iris[] = [];
  for (let index = 0; index < people; index++) {
    irises.push(population.enrolment(population.person(index)));
    progress.step();
    await new Promise(setImmediate);
  }
  progress.stop();
  return irises;
}
