/**
 * Run on a small disk: fills a store until the disk is full, and checks what it holds then, once some space is free
 * again, and after opening again. Prints what it saw; an assertion that fails ends it.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ExhaustedError } from '@irispair/common/errors/errors';
import type { StoreIdentity } from '../store/iris-store.js';
import { LmdbIrisStore } from '../store/lmdb-iris-store.js';
import { change, contents } from './stored-irises.js';

const IDENTITY: StoreIdentity = { mode: 'plain', party: null, formatVersion: 1, columns: 200 };
const IRISES_A_COMMIT = 8;
const BALLAST_BYTES = 1 << 20;
const MOST_COMMITS = 10_000;

const directory = await mkdtemp(join(tmpdir(), 'store-'));
const ballast = join(tmpdir(), 'ballast');
await writeFile(ballast, Buffer.alloc(BALLAST_BYTES));
let store = await LmdbIrisStore.open(directory, IDENTITY);
const acknowledged: (readonly [number, number, number])[] = [];

async function enrolSome(): Promise<void> {
  const first = acknowledged.length + 1;
  const some = Array.from(
    { length: IRISES_A_COMMIT },
    (_, index) => [first + index, 0, (first + index) & 0xff] as const,
  );
  await store.commit(some.map(change));
  acknowledged.push(...some);
}

async function enrolUntilRefused(): Promise<unknown> {
  for (let commits = 0; commits < MOST_COMMITS; commits++) {
    try {
      await enrolSome();
    } catch (error) {
      return error;
    }
  }
  return assert.fail('the disk did not get full');
}

async function checkHoldsWhatWasAcknowledged(): Promise<void> {
  assert.deepEqual(await contents(store), acknowledged);
  assert.equal(store.commitCount, acknowledged.length / IRISES_A_COMMIT);
}

async function reopen(): Promise<void> {
  await store.close();
  store = await LmdbIrisStore.open(directory, IDENTITY);
}

for (let again = 0; again < 3; again++) {
  const refused = await enrolUntilRefused();
  assert.ok(refused instanceof ExhaustedError, String(refused));
  assert.match(refused.message, /is full, nothing was stored: free some space/);
  await checkHoldsWhatWasAcknowledged();
}
const whenFull = acknowledged.length;
await reopen();
await checkHoldsWhatWasAcknowledged();
assert.ok((await enrolUntilRefused()) instanceof ExhaustedError);
await checkHoldsWhatWasAcknowledged();

await rm(ballast);
for (let commits = 0; commits < 4; commits++) await enrolSome();
await checkHoldsWhatWasAcknowledged();
await reopen();
await checkHoldsWhatWasAcknowledged();
await store.close();
console.log(`full at ${whenFull} irises, ${acknowledged.length} after some space was freed`);
