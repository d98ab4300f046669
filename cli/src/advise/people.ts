/** Who is enrolled and who is asked for: made up before any clock runs. */
import { irisMessage } from '@irispair/common/iris/message';
import type * as api from '@irispair/proto/public';
import type { PairClient } from '../client/pair-client.js';
import { Population } from '../generate/population.js';

/** Captures that are asked for in turn. */
const CAPTURES = 256;
/** One capture in so many shows a stranger. */
const STRANGER_EVERY = 5;
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;

/** One capture to ask for. */
export interface Capture {
  readonly iris: api.Iris;
  /** Serial id of an enrolled person: the one whom it shows, or for a stranger another one. */
  readonly serialId: number;
}

/** Made-up people. */
export class People {
  private readonly population: Population;

  constructor(
    seed: string,
    private readonly count: number,
  ) {
    this.population = new Population(seed);
  }

  /**
   * Enrols everybody through the bulk stream. They get the serial ids from 1 in the order in which they are answered.
   * @param done told how many are
   * @throws Error when a request fails or nobody is enrolled
   */
  async enrol(client: PairClient, signal: AbortSignal, done: (people: number) => void): Promise<number> {
    let answered = 0;
    let enrolled = 0;
    let failure = '';
    await client.process(this.requests(signal), ({ response }) => {
      answered += 1;
      if (response?.$case === 'error') failure = response.value.message;
      else if (response?.$case === 'enroll' && response.value.serialId > 0) enrolled += 1;
      done(answered);
    });
    signal.throwIfAborted();
    if (failure !== '') throw new Error(`enrolling failed: ${failure}`);
    if (enrolled === 0) throw new Error('nobody was enrolled');
    return enrolled;
  }

  /** @param enrolled serial ids that exist, from 1 */
  async captures(enrolled: number, signal: AbortSignal): Promise<Capture[]> {
    const captures: Capture[] = [];
    for (let index = 0; index < CAPTURES && !signal.aborted; index++) {
      const spread = Math.floor(((index * GOLDEN_RATIO) % 1) * this.count);
      const isStranger = index % STRANGER_EVERY === STRANGER_EVERY - 1;
      const iris = isStranger
        ? this.population.enrolment(this.population.person(this.count + index))
        : this.population.again(this.population.person(spread), 1 + Math.floor(index / this.count));
      captures.push({ iris: irisMessage(iris), serialId: 1 + (spread % enrolled) });
      await new Promise(setImmediate);
    }
    return captures;
  }

  private async *requests(signal: AbortSignal): AsyncGenerator<api.ProcessRequest> {
    for (let index = 0; index < this.count && !signal.aborted; index++) {
      const iris = irisMessage(this.population.enrolment(this.population.person(index)));
      yield { requestId: String(index), request: { $case: 'enroll', value: { iris, orList: [] } } };
      // A signal is seen in between.
      await new Promise(setImmediate);
    }
  }
}
