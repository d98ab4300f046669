/**
 * What audits of recall cost: searches a second without them, at the default share and of every search, by 4 clients.
 *
 * People are enrolled once; then the pair is started again and again with one share after the other, so that whatever
 * else changes on the machine meets all of them.
 */
import { table } from 'irispair/output/print';
import { BenchPair } from './pair/bench-pair.js';
import { enrol } from './pair/enrol.js';
import { enrolments, probes } from './pair/people.js';
import { measureSearches, type SearchFigures } from './pair/searches.js';
import type { BenchOptions } from './options.js';
import type { PartResult } from './results.js';

const PEOPLE = 8_000;
const SHARES = ['0', '0.01', '1'] as const;
const ROUNDS = 6;
const CLIENTS = 4;

interface AuditFigures {
  readonly share: (typeof SHARES)[number];
  readonly rounds: readonly SearchFigures[];
}

/** Measures every share in every round. */
export async function runAuditBench(options: BenchOptions): Promise<PartResult> {
  const [people] = options.people ?? [PEOPLE];
  const irises = enrolments(people);
  const sought = probes(people, options.probes);
  const serialIds = new Map<number, number>();
  const auditing = (share: string) => ({
    IRIS_STORE_INITIAL_CAPACITY: String(people),
    IRISPAIR_INDEX: 'hnsw',
    IRISPAIR_AUDIT_SHARE: share,
  });
  const seen = new Map(SHARES.map((share): [string, SearchFigures[]] => [share, []]));
  const pair = await BenchPair.start(auditing('0'));
  try {
    await pair.withClient((client) => enrol(client, irises, { first: 0, end: people }, serialIds));
    for (let round = 0; round < ROUNDS; round++) {
      // Each of them comes first, second and last in turn.
      const first = round % SHARES.length;
      for (const share of [...SHARES.slice(first), ...SHARES.slice(0, first)]) {
        await pair.restart(auditing(share));
        seen.get(share)?.push(await measureSearches(pair.address, CLIENTS, sought, serialIds));
      }
    }
  } finally {
    await pair.stop();
  }
  const figures = SHARES.map((share): AuditFigures => ({ share, rounds: seen.get(share) ?? [] }));
  return { figures, text: auditTable(people, figures) };
}

function auditTable(people: number, figures: readonly AuditFigures[]): string {
  const [without] = figures;
  return table(
    [
      'people',
      'audited',
      'searches/s by round',
      'mean',
      'to none, mean +- standard error',
      'p99 ms',
      'distances/s',
    ],
    figures.map(({ share, rounds }) => {
      const rates = rounds.map(({ searchesPerSecond }) => searchesPerSecond);
      const ratios = rates.map((rate, round) => rate / without.rounds[round].searchesPerSecond);
      return [
        String(people),
        `${100 * Number(share)} %`,
        rates.map((rate) => rate.toFixed(0)).join(' '),
        mean(rates).toFixed(1),
        `${mean(ratios).toFixed(3)} +- ${standardError(ratios).toFixed(3)}`,
        mean(rounds.map(({ p99Milliseconds }) => p99Milliseconds)).toFixed(1),
        mean(rounds.map(({ distancesPerSecond }) => distancesPerSecond)).toFixed(0),
      ];
    }),
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function standardError(values: readonly number[]): number {
  const middle = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1) / values.length);
}
