/**
 * Run on a small disk, which holds the tables of a PostgreSQL server and nothing else of it: fills a store until the disk
 * is full, and checks what it holds then, once some space is free again, and after opening again. Prints what it saw; an
 * assertion that fails ends it.
 */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ExhaustedError } from '@irispair/common/errors/errors';
import { serialId, version } from '@irispair/common/ids/vector-id';
import { CODE_BYTES, type Template } from '@irispair/common/iris/template';
import { createLogger } from '@irispair/common/log/logger';
import { readPostgresUrl } from '@irispair/common/postgres/connection';
import { TestCluster } from '@irispair/common/postgres/support/cluster';
import { encodeRecord } from '@irispair/native/records';
import type { StoreChange, StoreIdentity } from '../store/iris-store.js';
import { PostgresIrisStore } from '../store/postgres-iris-store.js';

const IDENTITY: StoreIdentity = { mode: 'plain', party: null, formatVersion: 1 };
const IRISES_A_COMMIT = 16;
const BALLAST_BYTES = 4 << 20;
const MOST_COMMITS = 1_000;

const small = tmpdir();
// Where everything else of the server goes: it must not run out of space for its log.
process.env.TMPDIR = process.env.IRISPAIR_LARGE_DISK;
const cluster = await TestCluster.start();
const acknowledged: string[] = [];
try {
  const tables = await cluster.own(await mkdtemp(join(small, 'tables-')));
  await cluster.sql(`CREATE TABLESPACE small LOCATION '${tables}'`);
  await cluster.sql('CREATE DATABASE irises TABLESPACE small');
  const ballast = join(small, 'ballast');
  await writeFile(ballast, Buffer.alloc(BALLAST_BYTES));
  const open = () =>
    PostgresIrisStore.open({
      address: readPostgresUrl(cluster.url({ database: 'irises' }), undefined),
      identity: IDENTITY,
      skipBadRows: false,
      logger: createLogger('iris', 'silent'),
    });
  let store = await open();

  for (let again = 0; again < 3; again++) {
    const refused = await enrolUntilRefused(store);
    assert.ok(refused instanceof ExhaustedError, String(refused));
    assert.match(refused.message, /has no room, nothing was stored: free some disk/);
    await checkHoldsWhatWasAcknowledged(store);
  }
  const whenFull = acknowledged.length;
  assert.ok(whenFull > 0);
  await rm(ballast);
  for (let commits = 0; commits < 4; commits++) await enrolSome(store);
  await checkHoldsWhatWasAcknowledged(store);
  await store.close();
  store = await open();
  await checkHoldsWhatWasAcknowledged(store);
  await store.close();
  console.log(`full at ${whenFull} irises, ${acknowledged.length} after some space was freed`);
} finally {
  await cluster.remove();
}

/** Random, so that the server cannot compress it. */
function newIris(serial: number): StoreChange {
  const eye = (): Template => ({
    irisCodes: randomBytes(CODE_BYTES),
    maskCodes: Buffer.alloc(CODE_BYTES, 0xff),
  });
  const record = encodeRecord({ left: eye(), right: eye() });
  return { serialId: serialId(serial), version: version(0), record };
}

function digest(record: Uint8Array | null): string {
  return createHash('sha256')
    .update(record ?? '')
    .digest('hex');
}

async function enrolSome(store: PostgresIrisStore): Promise<void> {
  const some = Array.from({ length: IRISES_A_COMMIT }, (_, index) =>
    newIris(acknowledged.length + 1 + index),
  );
  await store.commit(some);
  acknowledged.push(...some.map(({ record }) => digest(record)));
}

async function enrolUntilRefused(store: PostgresIrisStore): Promise<unknown> {
  for (let commits = 0; commits < MOST_COMMITS; commits++) {
    try {
      await enrolSome(store);
    } catch (error) {
      return error;
    }
  }
  return assert.fail('the disk did not get full');
}

async function checkHoldsWhatWasAcknowledged(store: PostgresIrisStore): Promise<void> {
  const held: string[] = [];
  for await (const { record } of store.load()) held.push(digest(record));
  assert.deepEqual(held, acknowledged);
  assert.equal(store.commitCount, acknowledged.length / IRISES_A_COMMIT);
}
