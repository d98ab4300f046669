/**
 * The same questions to whoever decides, and what was answered, in a form that can be compared.
 *
 * 1. Enrol everybody over the bulk stream.
 * 2. Search for probes, several at once.
 * 3. Enrol the same strangers twice at once.
 */
import { irisMessage } from '@irispair/common/iris/message';
import type { Iris } from '@irispair/common/iris/template';
import type * as api from '@irispair/proto/public';
import type { PublicClient } from '../client/public-client.js';
import { decisionName } from '../commands/bulk.js';
import { startProgress } from '../output/progress.js';
import { enrolAll } from './enrol-all.js';
import type { Probe } from './probes.js';

/** What is asked. */
export interface Questions {
  readonly people: readonly Iris[];
  readonly probes: readonly Probe[];
  /** Two captures of the same stranger each. */
  readonly twins: readonly [Iris, Iris][];
}

/** What was decided of one capture, in words: decision, serial id when enrolled, matches in order. */
export type Decided = string;

/** All answers, in the order of the questions. */
export interface Answers {
  readonly enrolled: readonly Decided[];
  readonly found: readonly Decided[];
  readonly twins: readonly Decided[];
}

/** Times, and what was read from the services around the searches. */
export interface Timed<Reading> {
  readonly answers: Answers;
  readonly enrolSeconds: number;
  readonly searchSeconds: number;
  /** Of each search, ascending. */
  readonly searchMilliseconds: readonly number[];
  readonly before: Reading;
  readonly after: Reading;
}

/** Searches that are sent at once. */
export const CONCURRENT_SEARCHES = 4;

/** Asks everything. @param read reads counters, before and after the searches */
export async function askAll<Reading>(
  name: string,
  client: PublicClient,
  { people, probes, twins }: Questions,
  read: () => Promise<Reading>,
): Promise<Timed<Reading>> {
  const [enrolled, enrolSeconds] = await timed(() => decideAll(`${name}: enrolling`, client, people));
  const before = await read();
  const searchMilliseconds: number[] = [];
  const [found, searchSeconds] = await timed(() =>
    searchAll(`${name}: searching`, client, probes, searchMilliseconds),
  );
  const after = await read();
  const answers = {
    enrolled,
    found,
    twins: await decideAll(`${name}: the same twice`, client, twins.flat()),
  };
  searchMilliseconds.sort((a, b) => a - b);
  return { answers, enrolSeconds, searchSeconds, searchMilliseconds, before, after };
}

async function timed<Result>(work: () => Promise<Result>): Promise<[Result, number]> {
  const start = performance.now();
  const result = await work();
  return [result, (performance.now() - start) / 1_000];
}

async function decideAll(title: string, client: PublicClient, irises: readonly Iris[]): Promise<Decided[]> {
  const decided: Decided[] = [];
  await enrolAll(title, client, irises, (place, response) => {
    decided[place] = describeBulk(response);
  });
  return decided;
}

async function searchAll(
  title: string,
  client: PublicClient,
  probes: readonly Probe[],
  milliseconds: number[],
): Promise<Decided[]> {
  const progress = startProgress(title, probes.length);
  const decided: Decided[] = [];
  let next = 0;
  try {
    await Promise.all(
      Array.from({ length: CONCURRENT_SEARCHES }, async () => {
        while (next < probes.length) {
          const place = next;
          next += 1;
          const start = performance.now();
          decided[place] = describe(
            await client.search({ iris: irisMessage(probes[place].iris), orList: [] }),
          );
          milliseconds.push(performance.now() - start);
          progress.step();
        }
      }),
    );
  } finally {
    progress.stop();
  }
  return decided;
}

function describeBulk(response: api.ProcessResponse['response']): Decided {
  if (response?.$case === 'error') return `failed: ${response.value.message}`;
  if (response?.$case !== 'enroll') return 'no answer';
  const { serialId } = response.value;
  return serialId === 0 ? describe(response.value) : `${describe(response.value)}, serial id ${serialId}`;
}

function describe({ decision, matches }: api.SearchResponse): Decided {
  const told = matches.map(
    ({ serialId, version, left, right, mirrored }) =>
      `${serialId}v${version} by ${[left ? 'left' : '', right ? 'right' : ''].join('+')}${mirrored ? ' mirrored' : ''}`,
  );
  return [decisionName(decision), ...told].join(', ');
}
