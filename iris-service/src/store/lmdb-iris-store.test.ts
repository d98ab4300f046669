import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { open } from 'lmdb';
import { passesOnSmallDisk } from '@irispair/common/support/small-disk';
import { describeBatchJournal, type JournalPlace } from '../support/batch-journal-contract.js';
import { editStore } from '../support/edit-store.js';
import { describeIrisStore } from '../support/iris-store-contract.js';
import type { StoreIdentity } from './iris-store.js';
import { LmdbIrisStore } from './lmdb-iris-store.js';

const PLAIN: StoreIdentity = { mode: 'plain', party: null, formatVersion: 1, columns: 200 };

async function makePlace(): Promise<JournalPlace> {
  const directory = await mkdtemp(join(tmpdir(), 'irispair-store-'));
  return {
    open: (identity) => LmdbIrisStore.open(directory, identity),
    remove: () => rm(directory, { recursive: true }),
    async age() {
      const root = open({ path: directory });
      await root.openDB({ name: 'journal', encoding: 'binary', keyEncoding: 'uint32' }).drop();
      assert.deepEqual([...root.getKeys()], ['head', 'irises']);
      await root.close();
    },
  };
}

describeIrisStore('the LMDB store of irises', makePlace);
describeBatchJournal('the LMDB store of irises', makePlace);

it('keeps its identity in a copy of its files, and gains one when it has none', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'irispair-store-'));
  const [first, copy] = ['first', 'copy'].map((name) => join(parent, name));
  const store = await LmdbIrisStore.open(first, PLAIN);
  const { storeId } = store;
  await store.close();
  await cp(first, copy, { recursive: true });
  const copied = await LmdbIrisStore.openExisting(copy);
  assert.equal(copied.storeId, storeId);
  await copied.close();
  // As versions before identities left it.
  await editStore(copy, async ({ heads }) => {
    await heads.put('head', { ...PLAIN, commitCount: 3 });
  });
  const older = await LmdbIrisStore.open(copy, PLAIN);
  const gained = older.storeId;
  assert.notEqual(gained, storeId);
  await older.close();
  const again = await LmdbIrisStore.openExisting(copy);
  assert.deepEqual([again.storeId, again.commitCount], [gained, 3]);
  await again.close();
  await rm(parent, { recursive: true });
});

it('opens in a directory of any name', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'irispair-store-'));
  for (const name of ['a b', 'irises.v2', 'data.mdb', 'h:5432', 'アイリス', '~', 'a=b', '-store']) {
    const directory = join(parent, name);
    await (await LmdbIrisStore.open(directory, PLAIN)).close();
    await (await LmdbIrisStore.openExisting(directory)).close();
    assert.ok((await readdir(directory)).includes('data.mdb'), name);
  }
  await rm(parent, { recursive: true });
});

it('on a full disk it refuses, keeps what it acknowledged, and goes on when there is space again', async (test) => {
  const script = fileURLToPath(import.meta.resolve('../support/fill-store.js'));
  await passesOnSmallDisk(test, script, 4);
});

it('on a full disk it keeps a batch that is prepared, or refuses it whole, and applies it when there is space', async (test) => {
  await passesOnSmallDisk(test, fileURLToPath(import.meta.resolve('../support/fill-journal.js')), 12);
});
