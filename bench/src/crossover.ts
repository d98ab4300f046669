/**
 * From which size on walks are faster than scans: searches a second of both on the same store, by 4 clients.
 *
 * People are enrolled once, more and more of them; at every size the pair is started with either way of searching.
 */
import { table } from 'irispair/output/print';
import { BenchPair } from './pair/bench-pair.js';
import { enrol } from './pair/enrol.js';
import { enrolments, probes } from './pair/people.js';
import { measureSearches, type SearchFigures } from './pair/searches.js';
import type { BenchOptions } from './options.js';
import type { PartResult } from './results.js';

const SIZES = [500, 1_000, 2_000, 5_000, 10_000, 20_000] as const;
const CLIENTS = 4;

interface CrossoverFigures {
  readonly people: number;
  readonly hnsw: SearchFigures;
  readonly exact: SearchFigures;
}

/** Measures both ways of searching at every size. */
export async function runCrossoverBench(options: BenchOptions): Promise<PartResult> {
  const sizes = options.people ?? SIZES;
  const most = Math.max(...sizes);
  const irises = enrolments(most);
  const searching = (index: 'hnsw' | 'exact') => ({
    IRIS_STORE_INITIAL_CAPACITY: String(most),
    IRISPAIR_INDEX: index,
  });
  const figures: CrossoverFigures[] = [];
  const serialIds = new Map<number, number>();
  const pair = await BenchPair.start(searching('hnsw'));
  try {
    let first = 0;
    for (const people of sizes) {
      const end = people;
      await pair.withClient((client) => enrol(client, irises, { first, end }, serialIds));
      first = end;
      const sought = probes(people, options.probes);
      const hnsw = await measureSearches(pair.address, CLIENTS, sought, serialIds);
      await pair.restart(searching('exact'));
      const exact = await measureSearches(pair.address, CLIENTS, sought, serialIds);
      figures.push({ people, hnsw, exact });
      if (people < most) await pair.restart(searching('hnsw'));
    }
  } finally {
    await pair.stop();
  }
  return { figures, text: crossoverTable(figures) };
}

function crossoverTable(figures: readonly CrossoverFigures[]): string {
  return table(
    [
      'people',
      'hnsw searches/s',
      'exact searches/s',
      'hnsw to exact',
      'hnsw p50 ms',
      'exact p50 ms',
      'hnsw found',
      'exact found',
    ],
    figures.map(({ people, hnsw, exact }) => [
      String(people),
      hnsw.searchesPerSecond.toFixed(1),
      exact.searchesPerSecond.toFixed(1),
      `${(hnsw.searchesPerSecond / exact.searchesPerSecond).toFixed(2)}x`,
      hnsw.p50Milliseconds.toFixed(1),
      exact.p50Milliseconds.toFixed(1),
      `${hnsw.found} of ${hnsw.genuine}`,
      `${exact.found} of ${exact.genuine}`,
    ]),
  );
}
