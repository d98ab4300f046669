/**
 * The main job, end to end.
 *
 * 1. Start a pair in a directory of its own.
 * 2. Make up people, enrol them.
 * 3. Search for new captures of them, for strangers, for mirrored captures; enrol the same stranger twice at once.
 * 4. Compare every answer with an exact scan of the same data.
 * 5. Say what was seen; fail when a duplicate or a mirror was missed or somebody matched wrongly.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { irisMessage } from '@irispair/common/iris/message';
import type { Columns } from '@irispair/common/iris/shape';
import type { Iris } from '@irispair/common/iris/template';
import * as api from '@irispair/proto/public';
import { PairClient } from '../client/pair-client.js';
import { Population } from '../generate/population.js';
import { formatBytes, note, print, table } from '../output/print.js';
import { startProgress } from '../output/progress.js';
import { freePort } from '../pair/free-port.js';
import { checkLength, Pair } from '../pair/pair.js';
import { describeStatus } from '../commands/single.js';
import { enrolAll } from './enrol-all.js';
import { makeEnrolments } from './enrolments.js';
import { unlessAborted } from './unless-aborted.js';
import { Auditor, type ExactMatches } from './auditor.js';
import { PROBES, probes, twins, type Probe } from './probes.js';

/** What to run. */
export interface DemoOptions {
  readonly people: number;
  readonly seed: string;
  /** Of every code. */
  readonly columns: Columns;
}

const CONCURRENT_SEARCHES = 4;
const LEAST_RECALL = 0.995;
const LOG_LINES_KEPT = 50;

/** What went wrong, one sentence each; empty when all is well. */
export type Failures = readonly string[];

/** Runs the demo. `abort` stops it wherever it is; nothing is left behind in any case. */
export async function runDemo(options: DemoOptions, abort: AbortSignal): Promise<Failures> {
  checkLength(join(tmpdir(), 'irispair-demo-XXXXXX'));
  const directory = await mkdtemp(join(tmpdir(), 'irispair-demo-'));
  const log: string[] = [];
  const listen = `127.0.0.1:${await freePort()}`;
  const died = new AbortController();
  const pair = Pair.start({
    directory,
    listen,
    environment: { IRISPAIR_INDEX: 'hnsw', IRISPAIR_COLUMNS: String(options.columns) },
    logged: (service, line) => {
      log.push(`[${service}] ${line}`);
      if (log.length > LOG_LINES_KEPT) log.shift();
    },
    died: (service, { reason }) => {
      died.abort(new Error(`the ${service} service ended: ${reason}`));
    },
  });
  const client = new PairClient(listen);
  try {
    return await unlessAborted(work(options, pair, client), AbortSignal.any([abort, died.signal]));
  } catch (error) {
    if (!abort.aborted) note(log.join('\n'));
    throw error;
  } finally {
    client.close();
    await pair.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function work(
  { people, seed, columns }: DemoOptions,
  pair: Pair,
  client: PairClient,
): Promise<Failures> {
  const population = new Population(seed, columns);
  await pair.ready();
  print(describeStatus(await client.status()));
  const enrolments = await makeEnrolments(population, people);
  const enrolled = await enrolEverybody(client, enrolments);
  const before = await client.status();
  const found = await searchAll(client, [...probes(population, people, PROBES)]);
  const after = await client.status();
  const exact = await scanAll(
    pair.socket,
    found.map(({ probe }) => probe.iris),
    after,
  );
  const doubles = await enrolTwins(client, [...twins(population, people, PROBES)]);
  return report(client, { people, enrolled, found, searching: spent(before, after), exact, doubles });
}

interface Enrolled {
  readonly unique: number;
  readonly seconds: number;
  readonly distances: number;
  /** Serial ids by index of person. */
  readonly serialIds: ReadonlyMap<number, number>;
}

async function enrolEverybody(client: PairClient, irises: readonly Iris[]): Promise<Enrolled> {
  const before = await client.status();
  const start = performance.now();
  const serialIds = new Map<number, number>();
  await enrolAll('enrolling', client, irises, (place, response) => {
    if (response?.$case === 'error') note(`enrolment ${place}: ${response.value.message}`);
    else if (response?.$case === 'enroll' && response.value.serialId > 0) {
      serialIds.set(place, response.value.serialId);
    }
  });
  const seconds = (performance.now() - start) / 1_000;
  const after = await client.status();
  return { unique: serialIds.size, seconds, distances: after.distances - before.distances, serialIds };
}

/** What the searches cost, without the linking of enrolments. */
interface Spent {
  readonly searches: number;
  readonly steps: number;
  readonly hops: number;
  readonly candidates: number;
}

function spent(before: api.StatusResponse, after: api.StatusResponse): Spent {
  const since = (counter: 'searches' | 'steps' | 'hops' | 'candidates') =>
    (after.hop?.[counter] ?? 0) - (before.hop?.[counter] ?? 0);
  return {
    searches: since('searches'),
    steps: since('steps'),
    hops: since('hops'),
    candidates: since('candidates'),
  };
}

interface FoundProbe {
  readonly probe: Probe;
  readonly response: api.SearchResponse;
  readonly milliseconds: number;
}

async function searchAll(client: PairClient, all: readonly Probe[]): Promise<FoundProbe[]> {
  const progress = startProgress('searching', all.length);
  const found: FoundProbe[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: CONCURRENT_SEARCHES }, async () => {
      while (next < all.length) {
        const place = next;
        next += 1;
        const probe = all[place];
        const start = performance.now();
        const response = await client.search({ iris: irisMessage(probe.iris), orList: [] });
        found[place] = { probe, response, milliseconds: performance.now() - start };
        progress.step();
      }
    }),
  );
  progress.stop();
  return found;
}

async function scanAll(
  socket: string,
  irises: readonly Iris[],
  status: api.StatusResponse,
): Promise<ExactMatches[]> {
  const progress = startProgress('auditing', irises.length);
  const auditor = await Auditor.join(socket);
  let last = 0;
  const exact = await auditor.matches(irises, status.threshold, (status.rotations - 1) / 2, (done) => {
    for (; last < done; last++) progress.step();
  });
  auditor.close();
  progress.stop();
  return exact;
}

/** Both captures of a pair are sent at once. Counts the pairs of which exactly one was enrolled. */
async function enrolTwins(
  client: PairClient,
  pairs: readonly [Iris, Iris][],
): Promise<{ pairs: number; right: number }> {
  const enrolled = new Map<string, number>();
  await client.process(
    pairs.flatMap(([first, second], index) =>
      [first, second].map((iris, twin) => ({
        requestId: `${index}/${twin}`,
        request: { $case: 'enroll' as const, value: { iris: irisMessage(iris), orList: [] } },
      })),
    ),
    ({ requestId, response }) => {
      const [pair] = requestId.split('/');
      const unique = response?.$case === 'enroll' && response.value.decision === api.Decision.UNIQUE;
      enrolled.set(pair, (enrolled.get(pair) ?? 0) + Number(unique));
    },
  );
  return { pairs: pairs.length, right: [...enrolled.values()].filter((count) => count === 1).length };
}

interface Seen {
  readonly people: number;
  readonly enrolled: Enrolled;
  readonly found: readonly FoundProbe[];
  readonly searching: Spent;
  readonly exact: readonly ExactMatches[];
  readonly doubles: { readonly pairs: number; readonly right: number };
}

async function report(
  client: PairClient,
  { people, enrolled, found, searching, exact, doubles }: Seen,
): Promise<Failures> {
  const status = await client.status();
  const times = found.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  const of = (kind: Probe['kind']) => found.filter(({ probe }) => probe.kind === kind);
  const recall = recallOf(found, exact);
  const missed = of('genuine').filter((one) => !hit(one, api.Decision.DUPLICATE, enrolled)).length;
  const mirrors = of('mirrored').filter((one) => hit(one, api.Decision.MIRROR_ATTACK, enrolled)).length;
  const wrong = found.filter((one) => hasFalseMatch(one, enrolled)).length;
  const percentile = (share: number) =>
    `${(times[Math.floor(share * (times.length - 1))] ?? 0).toFixed(1)} ms`;
  const per = (sum: number, count: number) => (count === 0 ? 0 : sum / count).toFixed(1);

  print(
    table(
      ['figure', 'seen'],
      [
        [
          'enrolments/s',
          `${(enrolled.unique / enrolled.seconds).toFixed(0)} (${enrolled.unique} of ${people})`,
        ],
        ['distances/s while enrolling', (enrolled.distances / enrolled.seconds).toFixed(0)],
        ['search p50 / p99', `${percentile(0.5)} / ${percentile(0.99)} (${CONCURRENT_SEARCHES} at once)`],
        ['hops a search', `${per(searching.steps, searching.searches)} (a search: one eye, one orientation)`],
        ['candidates a search', per(searching.candidates, searching.searches)],
        [
          'candidates a hop',
          `${per(searching.candidates, searching.hops)} (${per(searching.steps, searching.hops)} searches share it)`,
        ],
        ['recall against an exact scan', `${(100 * recall).toFixed(2)} %`],
        ['duplicates missed', `${missed} of ${of('genuine').length}`],
        ['mirror attacks caught', `${mirrors} of ${of('mirrored').length}`],
        ['false matches', `${wrong} of ${found.length}`],
        ['same stranger twice: one enrolled', `${doubles.right} of ${doubles.pairs}`],
        [
          'memory',
          status.services.map((one) => `${one.service} ${formatBytes(one.residentBytes)}`).join(', '),
        ],
      ],
    ),
  );
  const failures = [];
  if (enrolled.unique !== people)
    failures.push(`${people - enrolled.unique} of ${people} people were not enrolled`);
  if (recall < LEAST_RECALL)
    failures.push(`recall is ${(100 * recall).toFixed(2)} %, below ${100 * LEAST_RECALL} %`);
  if (missed > 0) failures.push(`${missed} duplicates were missed`);
  if (mirrors < of('mirrored').length)
    failures.push(`${of('mirrored').length - mirrors} mirror attacks were missed`);
  if (wrong > 0) failures.push(`${wrong} probes matched somebody they do not show`);
  if (doubles.right < doubles.pairs)
    failures.push(`${doubles.pairs - doubles.right} pairs were not enrolled exactly once`);
  return failures;
}

/** Share of what an exact scan finds that the service reported. */
function recallOf(found: readonly FoundProbe[], exact: readonly ExactMatches[]): number {
  let expected = 0;
  let reported = 0;
  found.forEach(({ response }, index) => {
    const matches = exact[index].normal.size > 0 ? exact[index].normal : exact[index].mirror;
    const serialIds = new Set(response.matches.map(({ serialId }) => serialId));
    expected += matches.size;
    for (const serialId of matches) if (serialIds.has(serialId)) reported += 1;
  });
  return expected === 0 ? 1 : reported / expected;
}

function hit({ probe, response }: FoundProbe, decision: api.Decision, { serialIds }: Enrolled): boolean {
  const serialId = probe.person === null ? undefined : serialIds.get(probe.person);
  return response.decision === decision && response.matches.some((match) => match.serialId === serialId);
}

function hasFalseMatch({ probe, response }: FoundProbe, { serialIds }: Enrolled): boolean {
  const serialId = probe.person === null ? undefined : serialIds.get(probe.person);
  return response.matches.some((match) => match.serialId !== serialId);
}
