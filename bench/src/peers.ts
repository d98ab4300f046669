/**
 * What a user would pick instead: usearch and hnswlib-node on the same codes, as plain bit vectors of one eye.
 *
 * They know neither masks nor rotations, so they are asked in three ways: for captures that somebody rolled back, for
 * captures as they came, and for eleven rolls of every capture, of which the nearest counts. Beside them, IrisPair on the
 * same people: both eyes, both orientations, masks and eleven rotations.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Iris } from '@irispair/common/iris/template';
import { formatBytes, note, table } from 'irispair/output/print';
import { BenchPair } from './pair/bench-pair.js';
import { enrol, type EnrolmentFigures } from './pair/enrol.js';
import { enrolments, probes, type Probe } from './pair/people.js';
import { measureSearches, type SearchFigures } from './pair/searches.js';
import type { BenchOptions } from './options.js';
import { rolled, upright, writeCodes } from './peers/codes.js';
import { installPeers } from './peers/install.js';
import type { PartResult } from './results.js';

const SIZES = [2_000, 20_000] as const;
const CLIENTS = [1, 16] as const;
const LIBRARIES = ['usearch', 'hnswlib-node'] as const;
const REACH = 5;
const MOST_BUILD_SECONDS = 600;
const MOST_OUTPUT_BYTES = 2 ** 24;
const DIRECTORY = fileURLToPath(new URL('../peers/', import.meta.url));

/** Parameters of a graph in the libraries' words. */
interface GraphSettings {
  readonly m: number;
  readonly efConstruction: number;
  readonly ef: number;
}

/** What bench/peers/measure.mjs prints. */
interface LibraryFigures {
  readonly library: string;
  readonly distance: string;
  readonly settings: GraphSettings;
  /** Fewer than the people when building took too long; then nothing was searched. */
  readonly added: number;
  readonly buildSeconds: number;
  readonly residentBytes: number;
  readonly searches: readonly {
    readonly set: string;
    readonly mode: 'one' | 'all';
    /** Searches a capture. */
    readonly rolls: number;
    readonly captures: number;
    readonly found: number;
    readonly capturesPerSecond: number;
  }[];
}

interface Failed {
  readonly library: string;
  readonly failure: string;
}

interface PairFigures {
  readonly settings: GraphSettings;
  readonly enrolment: EnrolmentFigures;
  readonly searches: readonly SearchFigures[];
}

interface PeersFigures {
  readonly people: number;
  readonly pair: PairFigures;
  readonly libraries: readonly (LibraryFigures | Failed)[];
}

/** Installs the libraries, measures IrisPair and then each of them by itself. */
export async function runPeersBench(options: BenchOptions): Promise<PartResult> {
  installPeers(DIRECTORY);
  const sizes = options.people ?? SIZES;
  const irises = enrolments(Math.max(...sizes));
  const figures: PeersFigures[] = [];
  for (const people of sizes) {
    const sought = probes(people, options.probes);
    const pair = await measurePair(irises, people, sought);
    figures.push({ people, pair, libraries: measureLibraries(irises, people, sought, pair.settings) });
  }
  return { figures, text: figures.map(peersTable).join('\n') };
}

async function measurePair(
  irises: readonly Iris[],
  people: number,
  sought: readonly Probe[],
): Promise<PairFigures> {
  const pair = await BenchPair.start({
    IRIS_STORE_INITIAL_CAPACITY: String(people),
    IRISPAIR_INDEX: 'hnsw',
    IRISPAIR_ROTATIONS: String(2 * REACH + 1),
  });
  try {
    const serialIds = new Map<number, number>();
    return await pair.withClient(async (client) => {
      const enrolment = await enrol(client, irises, { first: 0, end: people }, serialIds);
      const { graph } = await client.status();
      if (graph === undefined) throw new Error('the status has no graph');
      const settings = { m: graph.neighbours, efConstruction: graph.ef, ef: graph.ef };
      const searches: SearchFigures[] = [];
      for (const clients of CLIENTS) {
        searches.push(await measureSearches(pair.address, clients, sought, serialIds));
      }
      return { settings, enrolment, searches };
    });
  } finally {
    await pair.stop();
  }
}

/** Every library with its own defaults and with IrisPair's parameters. */
function measureLibraries(
  irises: readonly Iris[],
  people: number,
  sought: readonly Probe[],
  settings: GraphSettings,
): (LibraryFigures | Failed)[] {
  const directory = mkdtempSync(join(tmpdir(), 'irispair-bench-'));
  try {
    const gallery = join(directory, 'gallery');
    writeCodes(
      gallery,
      irises.slice(0, people).map(({ left }) => left.irisCodes),
    );
    const request = { gallery, people, mostBuildSeconds: MOST_BUILD_SECONDS };
    const sets = writeSets(directory, irises, sought);
    return LIBRARIES.flatMap((library) =>
      [undefined, settings].map((chosen) => {
        note(
          `building ${library}, ${people} people, ${chosen === undefined ? 'its' : "IrisPair's"} parameters ...`,
        );
        return measureLibrary(library, directory, { ...request, sets, settings: chosen });
      }),
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The captures of enrolled people's left eyes: rolled back, as they came, and in eleven rolls. */
function writeSets(directory: string, irises: readonly Iris[], sought: readonly Probe[]) {
  const genuine = sought.flatMap(({ person, iris }) =>
    person === null ? [] : [{ person, capture: iris.left, enrolled: irises[person].left }],
  );
  const rotations = Array.from({ length: 2 * REACH + 1 }, (_, index) => index - REACH);
  const set = (name: string, rolls: number, codes: readonly Uint8Array[]) => {
    const path = join(directory, `probes-${rolls}-${name.replaceAll(' ', '-')}`);
    writeCodes(path, codes);
    return { name, path, rolls, persons: genuine.map(({ person }) => person) };
  };
  return [
    set(
      'rolled back by hand',
      1,
      genuine.map(({ capture, enrolled }) => upright(capture, enrolled, REACH)),
    ),
    set(
      'as captured',
      1,
      genuine.map(({ capture }) => capture.irisCodes),
    ),
    set(
      '11 rolls',
      rotations.length,
      genuine.flatMap(({ capture }) => rotations.map((rotation) => rolled(capture.irisCodes, rotation))),
    ),
  ];
}

function measureLibrary(library: string, directory: string, request: unknown): LibraryFigures | Failed {
  const path = join(directory, 'request.json');
  writeFileSync(path, JSON.stringify(request));
  const { status, stdout, error } = spawnSync(
    process.execPath,
    ['--expose-gc', join(DIRECTORY, 'measure.mjs'), library, path],
    { encoding: 'utf8', maxBuffer: MOST_OUTPUT_BYTES, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  if (status === 0) return JSON.parse(stdout) as LibraryFigures;
  // Its own words are on standard error already.
  return { library, failure: error?.message ?? `failed: exit code ${status ?? 1}` };
}

function peersTable({ people, pair, libraries }: PeersFigures): string {
  const head = ['what', 'M, ef', 'asked', 'by', 'captures/s', 'eyes/s', 'found', 'build s', 'memory'];
  const rows = libraries.flatMap((seen) =>
    'failure' in seen
      ? [[seen.library, '', seen.failure, '', '', '', '', '', '']]
      : libraryRows(people, seen),
  );
  const distances = pair.searches.map(({ distancesPerSecond }) => distancesPerSecond.toFixed(0)).join(' / ');
  return [
    `${people} people; IrisPair compared ${distances} eyes a second, each in 11 rotations`,
    table(head, [pairRow(pair), ...rows]),
  ].join('\n');
}

function pairRow({ settings, enrolment, searches }: PairFigures): string[] {
  return [
    'IrisPair',
    describeSettings(settings),
    'both eyes, mirror, masks, 11 rotations',
    `${CLIENTS.join(' / ')} clients`,
    describeRates(
      searches.map(({ searchesPerSecond }) => searchesPerSecond),
      1,
    ),
    // A search is of four eyes: two sides in two orientations.
    describeRates(
      searches.map(({ searchesPerSecond }) => searchesPerSecond),
      4,
    ),
    searches.map(({ found, genuine }) => `${found} of ${genuine}`).join(' / '),
    enrolment.seconds.toFixed(1),
    formatBytes(Math.max(...searches.map((seen) => seen.irisResidentBytes + seen.graphResidentBytes))),
  ];
}

function libraryRows(people: number, seen: LibraryFigures): string[][] {
  const what = [seen.library, describeSettings(seen.settings)];
  const built = [seen.buildSeconds.toFixed(1), formatBytes(seen.residentBytes)];
  if (seen.added < people) {
    return [[...what, `given up after ${seen.added} people`, '', '', '', '', ...built]];
  }
  return [...new Set(seen.searches.map(({ set }) => set))].map((set) => {
    const modes = seen.searches.filter((one) => one.set === set);
    const rates = modes.map(({ capturesPerSecond }) => capturesPerSecond);
    const threads = modes.map(({ mode }) => (mode === 'one' ? 1 : availableParallelism()));
    const [{ rolls, found, captures }] = modes;
    return [
      ...what,
      set,
      `${threads.join(' / ')} ${threads.length === 1 ? 'thread' : 'threads'}`,
      describeRates(rates, 1),
      describeRates(rates, rolls),
      `${found} of ${captures}`,
      ...built,
    ];
  });
}

function describeRates(capturesPerSecond: readonly number[], eyesACapture: number): string {
  return capturesPerSecond.map((rate) => (eyesACapture * rate).toFixed(0)).join(' / ');
}

function describeSettings({ m, efConstruction, ef }: GraphSettings): string {
  return efConstruction === ef ? `${m}, ${ef}` : `${m}, ${efConstruction} building, ${ef}`;
}
