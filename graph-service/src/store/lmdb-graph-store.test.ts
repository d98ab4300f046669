import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { open } from 'lmdb';
import { MisconfiguredError } from '@irispair/common/errors/errors';
import { graphStoreContract } from '../support/graph-store-contract.js';
import type { GraphStoreIdentity } from './graph-store.js';
import { LmdbGraphStore } from './lmdb-graph-store.js';

async function makeDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'irispair-graph-'));
}

graphStoreContract('LMDB', async () => {
  const directory = await makeDirectory();
  return {
    open: (rowLimit, holder) => LmdbGraphStore.open(directory, rowLimit, holder),
    remove: () => rm(directory, { recursive: true }),
  };
});

it('opens an LMDB graph store in a directory of any name', async () => {
  const parent = await makeDirectory();
  for (const name of ['a b', 'graph.v2', 'h:5432', 'グラフ']) {
    await (await LmdbGraphStore.open(join(parent, name), 20)).close();
    await (await LmdbGraphStore.open(join(parent, name), 20)).close();
    assert.ok((await readdir(join(parent, name))).includes('data.mdb'), name);
  }
  await rm(parent, { recursive: true });
});

/** Changes what a store says that it holds. */
async function rename(directory: string, change: Partial<GraphStoreIdentity>): Promise<void> {
  const root = open({ path: directory, maxDbs: 3 });
  const identities = root.openDB<GraphStoreIdentity, string>({ name: 'identity', encoding: 'json' });
  const identity = identities.get('identity');
  assert.ok(identity);
  await identities.put('identity', { ...identity, ...change });
  await root.close();
}

describe('an LMDB graph store of another kind', () => {
  it('is refused by what it holds, and left as it is', async () => {
    const directory = await makeDirectory();
    await (await LmdbGraphStore.open(directory, 20)).close();
    for (const [change, named] of [
      [{ formatVersion: 99 }, /format version 99/],
      [{ formatVersion: 1, mode: 'shared' }, /mode shared/],
    ] as const) {
      await rename(directory, change);
      await assert.rejects(LmdbGraphStore.open(directory, 20), (error) => {
        assert.ok(error instanceof MisconfiguredError);
        assert.match(error.message, named);
        assert.ok(error.message.includes(directory));
        return true;
      });
    }
    await rename(directory, { formatVersion: 1, mode: 'plain' });
    await (await LmdbGraphStore.open(directory, 20)).close();
    await rm(directory, { recursive: true });
  });
});
