/**
 * Secret-shared mode, end to end, beside plain mode on the same people.
 *
 * 1. Start a pair in plain mode, and three in secret-shared mode.
 * 2. Ask all the same, sharing each capture between the three.
 * 3. Hold every decision against that of plain mode: they must be equal.
 * 4. Say what secret sharing cost: comparisons, rounds, bytes, and where the time went.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as api from '@irispair/proto/public';
import { PairClient } from '../client/pair-client.js';
import { PartiesClient } from '../client/parties-client.js';
import type { PublicClient } from '../client/public-client.js';
import { Population } from '../generate/population.js';
import { note, print, table } from '../output/print.js';
import { freePort } from '../pair/free-port.js';
import { checkLength, Pair, type Death } from '../pair/pair.js';
import { ThreeParties } from '../pair/three-parties.js';
import { describeStatus } from '../commands/single.js';
import { askAll, CONCURRENT_SEARCHES, type Answers, type Questions, type Timed } from './decided.js';
import type { DemoOptions, Failures } from './demo.js';
import { makeEnrolments } from './enrolments.js';
import { readPartyFigures, type PartyFigures } from './party-figures.js';
import { probes, twins, type ProbeCounts } from './probes.js';
import { unlessAborted } from './unless-aborted.js';

const PROBES: ProbeCounts = { genuine: 150, mirrored: 50, stranger: 75, twins: 25 };
const LOG_LINES_KEPT = 50;

/** What to run: shares are of codes of one shape. */
export type SharedDemoOptions = Omit<DemoOptions, 'columns'>;

const DIFFERENCES_TOLD = 10;

/** Runs it. `abort` stops it wherever it is; nothing is left behind in any case. */
export async function runSharedDemo(options: SharedDemoOptions, abort: AbortSignal): Promise<Failures> {
  checkLength(join(tmpdir(), 'irispair-shared-XXXXXX', 'party-0'));
  const directory = await mkdtemp(join(tmpdir(), 'irispair-shared-'));
  const house = new House(directory, options.people);
  try {
    return await unlessAborted(work(options, house), AbortSignal.any([abort, house.died]));
  } catch (error) {
    if (!abort.aborted) note(house.log.join('\n'));
    throw error;
  } finally {
    await house.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function work({ people, seed }: SharedDemoOptions, house: House): Promise<Failures> {
  const population = new Population(seed);
  const plain = await house.startPlain();
  const { client, parties } = await house.startParties();
  print(describeStatus((await client.statuses())[0]));
  const questions: Questions = {
    people: await makeEnrolments(population, people),
    probes: [...probes(population, people, PROBES)],
    twins: [...twins(population, people, PROBES)],
  };
  const inPlain = await askAll('plain', plain, questions, () => plain.status());
  const inShared = await askAll('shared', client, questions, () => readPartyFigures(client, parties));
  return report(questions, inPlain, inShared);
}

/** What runs, and stops with it. */
class House {
  readonly log: string[] = [];
  private readonly death = new AbortController();
  private readonly clients: PublicClient[] = [];
  private readonly running: Promise<{ stop(): Promise<void> }>[] = [];
  private isStopping = false;

  constructor(
    private readonly directory: string,
    private readonly people: number,
  ) {}

  /** Aborted when a service ends by itself. */
  get died(): AbortSignal {
    return this.death.signal;
  }

  async startPlain(): Promise<PairClient> {
    const listen = `127.0.0.1:${await freePort()}`;
    const pair = await this.run(() =>
      Pair.start({
        directory: this.directory,
        listen,
        environment: this.environment,
        logged: (service, line) => {
          this.keep(`[plain, ${service}] ${line}`);
        },
        died: (service, death) => {
          this.ended(`the ${service} service in plain mode`, death);
        },
      }),
    );
    await pair.ready();
    const client = new PairClient(listen);
    this.clients.push(client);
    return client;
  }

  async startParties(): Promise<{ client: PartiesClient; parties: ThreeParties }> {
    const parties = await this.run(() =>
      ThreeParties.start({
        directory: this.directory,
        environment: this.environment,
        logged: (party, service, line) => {
          this.keep(`[party ${party}, ${service}] ${line}`);
        },
        died: (party, service, death) => {
          this.ended(`the ${service} service of party ${party}`, death);
        },
      }),
    );
    await parties.ready();
    const client = new PartiesClient(parties.addresses);
    this.clients.push(client);
    return { client, parties };
  }

  /** Also what is only just starting. */
  async stop(): Promise<void> {
    this.isStopping = true;
    for (const client of this.clients) client.close();
    const started = await Promise.allSettled(this.running);
    await Promise.all(started.map(async (one) => one.status === 'fulfilled' && one.value.stop()));
  }

  private async run<Running extends { stop(): Promise<void> }>(
    start: () => Running | Promise<Running>,
  ): Promise<Running> {
    if (this.isStopping) throw new Error('stopped');
    const starting = (async () => start())();
    this.running.push(starting);
    return starting;
  }

  /** Shares take 16 times the memory of irises: room for those who come, and no more. */
  private get environment(): Record<string, string> {
    return { IRIS_STORE_INITIAL_CAPACITY: String(this.people + 2 * PROBES.twins) };
  }

  private keep(line: string): void {
    this.log.push(line);
    if (this.log.length > LOG_LINES_KEPT) this.log.shift();
  }

  private ended(what: string, { reason }: Death): void {
    this.death.abort(new Error(`${what} ended: ${reason}`));
  }
}

type PlainRun = Timed<api.StatusResponse>;
type SharedRun = Timed<PartyFigures>;

function report(questions: Questions, inPlain: PlainRun, inShared: SharedRun): Failures {
  const asked = questions.people.length + questions.probes.length + 2 * questions.twins.length;
  const differing = differences(inPlain.answers, inShared.answers);
  const searches = questions.probes.length;
  const plain = inPlain.after.distances - inPlain.before.distances;
  const seen = inShared.after.since(inShared.before);
  const { searchSeconds } = inShared;
  const a = (sum: number) => (sum / searches).toFixed(0);
  const rotations = inPlain.after.rotations;
  print(
    table(
      ['figure', 'plain', 'three parties'],
      [
        [
          'enrolments/s',
          perSecond(questions.people.length, inPlain.enrolSeconds),
          perSecond(questions.people.length, inShared.enrolSeconds),
        ],
        [
          `searches/s, ${CONCURRENT_SEARCHES} at once`,
          perSecond(searches, inPlain.searchSeconds),
          perSecond(searches, searchSeconds),
        ],
        ['search p50 / p99', percentiles(inPlain), percentiles(inShared)],
        [
          `comparisons/s, of ${rotations} rotations each`,
          perSecond(plain, inPlain.searchSeconds),
          perSecond(seen.distances, searchSeconds),
        ],
        ['comparisons a search', a(plain), a(seen.distances)],
        ['rounds a search', '', a(seen.rounds)],
        ['bytes a search, sent by a party', '', formatKilobytes(seen.sentBytes / searches)],
        ['bytes a comparison, sent by a party', '', (seen.sentBytes / seen.distances).toFixed(0)],
        [
          'worker time a search, of a party',
          '',
          `${milliseconds(seen.busySeconds / searches)}, of it dot products ${milliseconds(seen.dotSeconds / searches)}`,
        ],
        [
          'waiting for the other parties a search',
          '',
          `${milliseconds(seen.waitedSeconds / searches)}, summed over runs side by side`,
        ],
        ['decisions', String(asked), `${asked - differing.length} of ${asked} as in plain mode`],
      ],
    ),
  );
  return differing.length === 0
    ? []
    : [
        ...differing.slice(0, DIFFERENCES_TOLD),
        `${differing.length} of ${asked} decisions differ from plain mode`,
      ];
}

function perSecond(count: number, seconds: number): string {
  return (count / seconds).toFixed(1);
}

function milliseconds(seconds: number): string {
  return `${(1_000 * seconds).toFixed(1)} ms`;
}

function formatKilobytes(bytes: number): string {
  return `${(bytes / 1_000).toFixed(0)} kB`;
}

function percentiles({ searchMilliseconds }: Timed<unknown>): string {
  const at = (share: number) => searchMilliseconds[Math.floor(share * (searchMilliseconds.length - 1))] ?? 0;
  return `${at(0.5).toFixed(1)} / ${at(0.99).toFixed(1)} ms`;
}

function differences(plain: Answers, shared: Answers): string[] {
  return (['enrolled', 'found', 'twins'] as const).flatMap((what) =>
    plain[what].flatMap((answer, place) => {
      const other = shared[what][place];
      return answer === other
        ? []
        : [`${what} ${place}: plain mode says "${answer}", the parties "${other}"`];
    }),
  );
}
