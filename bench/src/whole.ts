/**
 * The whole system: a real pair, people enrolled through the bulk stream, then searches by 1, 4 and 16 clients.
 *
 * Services, clients and this program share the machine's CPUs. The pair is set up for the number of people, so that its
 * memory is what so many need.
 */
import { formatBytes, table } from 'irispair/output/print';
import { BenchPair } from './pair/bench-pair.js';
import { enrol, type EnrolmentFigures } from './pair/enrol.js';
import { enrolments, probes } from './pair/people.js';
import { measureSearches, type SearchFigures } from './pair/searches.js';
import type { BenchOptions } from './options.js';
import type { PartResult } from './results.js';

const SIZES = [2_000, 20_000] as const;
const CLIENTS = [1, 4, 16] as const;

interface WholeFigures {
  readonly people: number;
  readonly enrolment: EnrolmentFigures;
  readonly searches: readonly SearchFigures[];
}

/** Measures every size with a pair of its own. */
export async function runWholeBench(options: BenchOptions): Promise<PartResult> {
  const sizes = options.people ?? SIZES;
  const irises = enrolments(Math.max(...sizes));
  const figures: WholeFigures[] = [];
  for (const people of sizes) {
    const sought = probes(people, options.probes);
    const pair = await BenchPair.start({ IRIS_STORE_INITIAL_CAPACITY: String(people) });
    try {
      const serialIds = new Map<number, number>();
      const enrolment = await pair.withClient((client) =>
        enrol(client, irises, { first: 0, end: people }, serialIds),
      );
      const searches: SearchFigures[] = [];
      for (const clients of CLIENTS) {
        searches.push(await measureSearches(pair.address, clients, sought, serialIds));
      }
      figures.push({ people, enrolment, searches });
    } finally {
      await pair.stop();
    }
  }
  return { figures, text: [enrolmentTable, searchTable, costTable].map((view) => view(figures)).join('\n') };
}

function enrolmentTable(figures: readonly WholeFigures[]): string {
  return table(
    ['people', 'enrolments/s', 'distances/s', 'refused'],
    figures.map(({ people, enrolment }) => [
      String(people),
      enrolment.enrolmentsPerSecond.toFixed(0),
      enrolment.distancesPerSecond.toFixed(0),
      String(enrolment.refused),
    ]),
  );
}

function searchTable(figures: readonly WholeFigures[]): string {
  return table(
    ['people', 'index', 'clients', 'searches/s', 'p50 / p99 ms', 'enrolled people found', 'false matches'],
    figures.flatMap(({ people, searches }) =>
      searches.map((seen) => [
        String(people),
        seen.index,
        String(seen.clients),
        seen.searchesPerSecond.toFixed(1),
        `${seen.p50Milliseconds.toFixed(1)} / ${seen.p99Milliseconds.toFixed(1)}`,
        `${seen.found} of ${seen.genuine}`,
        `${seen.falseMatches} of ${seen.searches}`,
      ]),
    ),
  );
}

function costTable(figures: readonly WholeFigures[]): string {
  return table(
    [
      'people',
      'clients',
      'hops a search',
      'candidates a search',
      'distances/s',
      'kernels of iris CPU time',
      'CPUs iris / graph',
      'memory iris / graph',
    ],
    figures.flatMap(({ people, searches }) =>
      searches.map((seen) => [
        String(people),
        String(seen.clients),
        seen.hopsPerSearch.toFixed(1),
        seen.candidatesPerSearch.toFixed(0),
        seen.distancesPerSecond.toFixed(0),
        `${(100 * seen.kernelShare).toFixed(0)} %`,
        `${seen.irisCpus.toFixed(2)} / ${seen.graphCpus.toFixed(2)}`,
        `${formatBytes(seen.irisResidentBytes)} / ${formatBytes(seen.graphResidentBytes)}`,
      ]),
    ),
  );
}
