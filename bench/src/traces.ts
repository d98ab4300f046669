/**
 * What traces cost: searches/s of pairs with traces off, at 1 % and at 100 %, and of a second pair with traces off, which
 * shows how much two equal pairs differ.
 *
 * All pairs hold the same people. In every round each is searched for a moment, in another order each time; what counts is
 * the ratio within a round. Traces go over HTTP to a collector that throws them away, on the same CPUs.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { irisMessage } from '@irispair/common/iris/message';
import { PairClient } from 'irispair/client/pair-client';
import { table } from 'irispair/output/print';
import { startProgress } from 'irispair/output/progress';
import { BenchPair } from './pair/bench-pair.js';
import { enrol } from './pair/enrol.js';
import { enrolments, probes, type Probe } from './pair/people.js';
import type { BenchOptions } from './options.js';
import { ratioOf, type Ratio } from './ratio.js';
import type { PartResult } from './results.js';

const PEOPLE = 2_000;
const CLIENTS = 4;
const ROUNDS = 100;
const SLICE_MILLISECONDS = 400;
/** Code is compiled and connections are up after these. */
const WARMING_ROUNDS = 8;

const SHARES = { off: undefined, 'off again': undefined, '1 %': 0.01, '100 %': 1 } as const;
type Kind = keyof typeof SHARES;
const KINDS = Object.keys(SHARES) as Kind[];

interface TraceFigures {
  readonly traces: Kind;
  readonly searches: number;
  readonly searchesPerSecond: number;
  /** Of searches/s to those of the pairs with traces off. */
  readonly ratio: Ratio;
  /** CPU time of both services. */
  readonly cpuMillisecondsPerSearch: number;
  /** Of CPU time a search to that of the pairs with traces off. */
  readonly cpuRatio: Ratio;
  /** Spans of both services that the collector took, and those dropped. */
  readonly exported: number;
  readonly dropped: number;
}

interface Subject {
  readonly kind: Kind;
  readonly pair: BenchPair;
  readonly clients: readonly PairClient[];
  /** Searches/s of each round, and CPU milliseconds a search. */
  readonly rates: number[];
  readonly cpu: number[];
  searches: number;
}

/** Measures all pairs in turns. */
export async function runTracesBench(options: BenchOptions): Promise<PartResult> {
  const people = options.people?.[0] ?? PEOPLE;
  const collector = await startCollector();
  const irises = enrolments(people);
  const sought = probes(people, options.probes);
  const subjects: Subject[] = [];
  try {
    for (const kind of KINDS) {
      const pair = await BenchPair.start(settingsOf(kind, people, collector.endpoint), 'metrics shown');
      const clients = Array.from({ length: CLIENTS }, () => new PairClient(pair.address));
      subjects.push({ kind, pair, clients, rates: [], cpu: [], searches: 0 });
      await enrol(clients[0], irises, { first: 0, end: people }, new Map());
    }
    await measure(subjects, sought);
    const figures = await Promise.all(subjects.map((subject) => figuresOf(subject, subjects.slice(0, 2))));
    return { figures: { people, rounds: ROUNDS, pairs: figures }, text: tracesTable(people, figures) };
  } finally {
    for (const { pair, clients } of subjects) {
      for (const client of clients) client.close();
      await pair.stop();
    }
    collector.stop();
  }
}

function settingsOf(kind: Kind, people: number, endpoint: string): Readonly<Record<string, string>> {
  const share = SHARES[kind];
  const common = { IRIS_STORE_INITIAL_CAPACITY: String(people), IRISPAIR_INDEX: 'hnsw' };
  if (share === undefined) return { ...common, OTEL_SDK_DISABLED: 'true' };
  return {
    ...common,
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: String(share),
    // What is dropped costs less.
    OTEL_BSP_MAX_QUEUE_SIZE: '65536',
  };
}

async function measure(subjects: readonly Subject[], sought: readonly Probe[]): Promise<void> {
  const progress = startProgress('searching in turns', WARMING_ROUNDS + ROUNDS);
  for (let round = 0; round < WARMING_ROUNDS + ROUNDS; round++) {
    for (const subject of inOrderOf(round, subjects)) {
      const before = await cpuMilliseconds(subject.clients[0]);
      const { searches, seconds } = await searchFor(SLICE_MILLISECONDS, subject.clients, sought, round);
      if (round < WARMING_ROUNDS) continue;
      subject.rates.push(searches / seconds);
      subject.cpu.push(((await cpuMilliseconds(subject.clients[0])) - before) / searches);
      subject.searches += searches;
    }
    progress.step();
  }
  progress.stop();
}

/** Each takes every place, and each other's neighbour on either side. */
function inOrderOf(round: number, subjects: readonly Subject[]): readonly Subject[] {
  const turned = subjects.map((_, place) => subjects[(place + round) % subjects.length]);
  return Math.floor(round / subjects.length) % 2 === 0 ? turned : turned.reverse();
}

async function searchFor(
  milliseconds: number,
  clients: readonly PairClient[],
  sought: readonly Probe[],
  round: number,
): Promise<{ searches: number; seconds: number }> {
  // The same captures for all pairs of a round.
  let next = round * 131;
  let searches = 0;
  const start = performance.now();
  await Promise.all(
    clients.map(async (client) => {
      while (performance.now() - start < milliseconds) {
        const { iris } = sought[next % sought.length];
        next += 1;
        await client.search({ iris: irisMessage(iris), orList: [] });
        searches += 1;
      }
    }),
  );
  return { searches, seconds: (performance.now() - start) / 1_000 };
}

/** CPU time of both services since their start. */
async function cpuMilliseconds(client: PairClient): Promise<number> {
  const { services } = await client.status();
  return services.reduce((sum, { cpuMicroseconds }) => sum + cpuMicroseconds, 0) / 1_000;
}

/** @param off the pairs with traces off */
async function figuresOf(
  { kind, pair, rates, cpu, searches }: Subject,
  [one, other]: readonly Subject[],
): Promise<TraceFigures> {
  return {
    traces: kind,
    searches,
    searchesPerSecond: meanOf(rates),
    ratio: ratioOf(rates, between(one.rates, other.rates)),
    cpuMillisecondsPerSearch: meanOf(cpu),
    cpuRatio: ratioOf(cpu, between(one.cpu, other.cpu)),
    exported: await pair.metric('irispair_trace_spans_exported_total'),
    dropped: await pair.metric('irispair_trace_spans_dropped_total'),
  };
}

/** As far from one as from the other, round by round. */
function between(one: readonly number[], other: readonly number[]): number[] {
  return one.map((figure, round) => Math.sqrt(figure * other[round]));
}

function meanOf(figures: readonly number[]): number {
  return figures.reduce((sum, figure) => sum + figure, 0) / figures.length;
}

function tracesTable(people: number, figures: readonly TraceFigures[]): string {
  return table(
    [
      `traces, ${people} people`,
      'searches/s',
      'to off, 95 % confidence',
      'CPU ms a search',
      'to off, 95 % confidence',
      'spans taken',
      'dropped',
    ],
    figures.map((seen) => [
      seen.traces,
      seen.searchesPerSecond.toFixed(1),
      inWords(seen.ratio),
      seen.cpuMillisecondsPerSearch.toFixed(2),
      inWords(seen.cpuRatio),
      String(seen.exported),
      String(seen.dropped),
    ]),
  );
}

function inWords({ mean, low, high }: Ratio): string {
  return `${mean.toFixed(3)}x (${low.toFixed(3)} to ${high.toFixed(3)})`;
}

async function startCollector(): Promise<{ endpoint: string; stop: () => void }> {
  const collector = spawn(process.execPath, [fileURLToPath(new URL('./collector.js', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(collector.stdout, 'data')) as [Buffer];
  return {
    endpoint: `http://127.0.0.1:${line.toString().trim()}`,
    stop: () => {
      collector.kill();
    },
  };
}
