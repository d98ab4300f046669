/**
 * Start-up load: irises a second from PostgreSQL and from LMDB into the arenas, beside `psql` copying the same table to
 * nowhere.
 *
 * Both stores are filled with the same made-up irises. Rounds of all three alternate in one run; every load has a new
 * engine.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serialId, version } from '@irispair/common/ids/vector-id';
import { CODE_BYTES, type Template } from '@irispair/common/iris/template';
import { createLogger } from '@irispair/common/log/logger';
import { readPostgresUrl } from '@irispair/common/postgres/connection';
import { TestCluster } from '@irispair/common/postgres/support/cluster';
import type { IrisStore, StoreChange, StoreIdentity } from '@irispair/iris-service/store/iris-store';
import { LmdbIrisStore } from '@irispair/iris-service/store/lmdb-iris-store';
import { PostgresIrisStore } from '@irispair/iris-service/store/postgres-iris-store';
import { createEngine } from '@irispair/native/engine';
import { encodeRecord } from '@irispair/native/records';
import { table } from 'irispair/output/print';
import { startProgress } from 'irispair/output/progress';
import type { BenchOptions } from './options.js';
import { percentile } from './percentile.js';
import type { PartResult } from './results.js';

const PEOPLE = 50_000;
const COMMITTED_AT_ONCE = 1_000;
const ROUNDS = 5;
/** Codes and masks of both eyes. */
const ROW_BYTES = 4 * CODE_BYTES;
const IDENTITY: StoreIdentity = { mode: 'plain', party: null, formatVersion: 1, columns: 200 };

interface LoadFigures {
  readonly people: number;
  /** Seconds, one a round. */
  readonly psql: readonly number[];
  readonly postgres: readonly number[];
  readonly lmdb: readonly number[];
}

/** Measures with a PostgreSQL server and an LMDB store of its own. */
export async function runLoadBench(options: BenchOptions): Promise<PartResult> {
  const people = options.people?.[0] ?? PEOPLE;
  const directory = mkdtempSync(join(tmpdir(), 'irispair-bench-'));
  const cluster = await TestCluster.start();
  try {
    const url = cluster.url({ database: await cluster.createDatabase() });
    const postgres = await PostgresIrisStore.open({
      address: readPostgresUrl(url, undefined),
      identity: IDENTITY,
      skipBadRows: false,
      loadConnections: 4,
      logger: createLogger('iris', 'error'),
    });
    const lmdb = await LmdbIrisStore.open(join(directory, 'iris'), IDENTITY);
    try {
      await fill([postgres, lmdb], people);
      const figures = await measure(people, url, postgres, lmdb);
      return { figures, text: loadTable(figures) };
    } finally {
      await postgres.close();
      await lmdb.close();
    }
  } finally {
    await cluster.remove();
    rmSync(directory, { recursive: true });
  }
}

async function fill(stores: readonly IrisStore[], people: number): Promise<void> {
  const progress = startProgress('storing', people);
  for (let first = 1; first <= people; first += COMMITTED_AT_ONCE) {
    const changes = Array.from({ length: Math.min(COMMITTED_AT_ONCE, people + 1 - first) }, (_, index) =>
      madeUp(first + index),
    );
    for (const store of stores) await store.commit(changes);
    changes.forEach(() => {
      progress.step();
    });
  }
  progress.stop();
}

function madeUp(serial: number): StoreChange {
  const eye = (): Template => ({
    irisCodes: randomBytes(CODE_BYTES),
    maskCodes: Buffer.alloc(CODE_BYTES, 0xff),
  });
  const record = encodeRecord({ left: eye(), right: eye() }, 200);
  return { serialId: serialId(serial), version: version(0), record };
}

async function measure(
  people: number,
  url: string,
  postgres: IrisStore,
  lmdb: IrisStore,
): Promise<LoadFigures> {
  const figures = { people, psql: [] as number[], postgres: [] as number[], lmdb: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    figures.psql.push(await seconds(() => copyToNowhere(url)));
    figures.postgres.push(await load(postgres, people));
    figures.lmdb.push(await load(lmdb, people));
  }
  return figures;
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1_000;
}

async function copyToNowhere(url: string): Promise<void> {
  const nowhere = openSync('/dev/null', 'w');
  const psql = spawn('psql', [url, '-c', 'COPY irises TO STDOUT (FORMAT binary)'], {
    stdio: ['ignore', nowhere, 'inherit'],
  });
  const [code] = (await once(psql, 'exit')) as [number | null];
  closeSync(nowhere);
  if (code !== 0) throw new Error(`psql ended with exit code ${code ?? 'none'}`);
}

/** Seconds of one load into an engine whose arenas are mapped already. */
async function load(store: IrisStore, people: number): Promise<number> {
  const pool = { cpus: [0], node: null, pinned: false };
  const engine = createEngine({
    left: pool,
    right: pool,
    arena: {
      policy: { kind: 'default' },
      fallbackNodes: [],
      hugepages: 'prefer',
      hugetlbfs: null,
      initialCapacity: people,
      growBy: 1,
      maximumCapacity: people,
      strict: false,
    },
    kernel: null,
  });
  let loaded = 0;
  try {
    const taken = await seconds(() =>
      store.loadInto(engine, {
        begin: () => undefined,
        loaded: () => {
          loaded += 1;
        },
      }),
    );
    if (loaded !== people) throw new Error(`${loaded} of ${people} irises were loaded`);
    return taken;
  } finally {
    await engine.close();
  }
}

function loadTable({ people, psql, postgres, lmdb }: LoadFigures): string {
  const beside = percentile([...psql], 0.5);
  const row = (what: string, rounds: readonly number[]) => {
    const median = percentile([...rounds], 0.5);
    return [
      what,
      median.toFixed(2),
      (people / median).toFixed(0),
      ((people * ROW_BYTES) / median / 1e6).toFixed(0),
      `${(beside / median).toFixed(2)}x`,
    ];
  };
  return table(
    [`${people} people`, 'seconds', 'irises/s', 'MB/s', 'to psql'],
    [
      row('psql, COPY to /dev/null', psql),
      row('PostgreSQL to arenas', postgres),
      row('LMDB to arenas', lmdb),
    ],
  );
}
