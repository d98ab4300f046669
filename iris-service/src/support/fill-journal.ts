/**
 * Run on a small disk: prepares and applies batches until there is no space to prepare one, then fills the disk between
 * preparing a batch and applying it. Checks after each refusal, and once some space is free again, that the batch is prepared,
 * applied, or not there, and whole. Prints what it saw; an assertion that fails ends it.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ExhaustedError } from '@irispair/common/errors/errors';
import type { BatchName } from '@irispair/common/parties/batch-name';
import type { BatchJournal, StoreIdentity } from '../store/iris-store.js';
import { LmdbIrisStore } from '../store/lmdb-iris-store.js';
import { recordFormOf } from '../store/record-form.js';
import { someBatch } from './batch-journal-contract.js';
import { changeIn, contents, type Told } from './stored-irises.js';

const IDENTITY: StoreIdentity = { mode: 'shared', party: 1, formatVersion: 1, columns: 200 };
const IRISES_A_BATCH = 4;
/** More than the batches before it left free pages for. */
const IRISES_OF_A_LARGE_BATCH = 32;
const BALLAST_BYTES = 6 << 20;
/** More than the disk has. */
const DISK_BYTES = 32 << 20;
const MOST_BATCHES = 1_000;
const change = changeIn(recordFormOf(IDENTITY));

const directory = await mkdtemp(join(tmpdir(), 'store-'));
const ballast = join(tmpdir(), 'ballast');
let store = await LmdbIrisStore.open(directory, IDENTITY);
const applied: Told[] = [];
let prepared: { readonly batch: BatchName; readonly irises: readonly Told[] } | undefined;

function journal(): BatchJournal {
  assert.ok(store.journal);
  return store.journal;
}

/** @returns whether there was space for it */
async function hasSpace(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    assert.ok(error instanceof ExhaustedError, String(error));
    assert.match(error.message, /is full, nothing was stored: free some space/);
    return false;
  }
}

async function prepare(count: number): Promise<boolean> {
  const batch = someBatch();
  const irises = Array.from({ length: count }, (_, index): Told => {
    const serial = applied.length + 1 + index;
    return [serial, 0, serial & 0xff];
  });
  const isPrepared = await hasSpace(journal().prepare(batch, irises.map(change)));
  if (isPrepared) prepared = { batch, irises };
  return isPrepared;
}

async function apply(): Promise<boolean> {
  assert.ok(prepared);
  const isApplied = await hasSpace(store.commit(await journal().read(), prepared.batch));
  if (isApplied) {
    applied.push(...prepared.irises);
    prepared = undefined;
  }
  return isApplied;
}

async function check(): Promise<void> {
  assert.deepEqual(await contents(store), applied);
  assert.equal(journal().state.prepared, prepared?.batch);
  const changes = await journal().read();
  assert.deepEqual(changes, (prepared?.irises ?? []).map(change));
}

async function checkOpenedAgain(): Promise<void> {
  await check();
  await store.close();
  store = await LmdbIrisStore.open(directory, IDENTITY);
  await check();
}

async function fillByPreparing(): Promise<void> {
  for (let batches = 0; batches < MOST_BATCHES; batches++) {
    if (!(await prepare(IRISES_A_BATCH))) return;
    assert.ok(await apply(), 'the pages of the batch before are free by now');
  }
  assert.fail('the disk did not get full');
}

async function fillByOthers(): Promise<void> {
  await assert.rejects(writeFile(ballast, Buffer.alloc(DISK_BYTES)), { code: 'ENOSPC' });
}

await writeFile(ballast, Buffer.alloc(BALLAST_BYTES));
await fillByPreparing();
await checkOpenedAgain();
assert.equal(await prepare(IRISES_A_BATCH), false);
await checkOpenedAgain();
const whenFull = applied.length;

await rm(ballast);
assert.ok(await prepare(IRISES_OF_A_LARGE_BATCH));
await fillByOthers();
assert.equal(await apply(), false);
await checkOpenedAgain();
assert.equal(await apply(), false);
await check();
await rm(ballast);
assert.ok(await apply());
await checkOpenedAgain();
await store.close();
console.log(`full at ${whenFull} irises, ${applied.length} after some space was freed`);
