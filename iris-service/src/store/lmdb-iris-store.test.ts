import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runOnSmallDisk } from '@irispair/common/support/small-disk';
import { describeIrisStore } from '../support/iris-store-contract.js';
import { LmdbIrisStore } from './lmdb-iris-store.js';

describeIrisStore('the LMDB store of irises', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'irispair-store-'));
  return {
    open: (identity) => LmdbIrisStore.open(directory, identity),
    remove: () => rm(directory, { recursive: true }),
  };
});

it('on a full disk it refuses, keeps what it acknowledged, and goes on when there is space again', async (test) => {
  const script = fileURLToPath(import.meta.resolve('../support/fill-store.js'));
  const ended = await runOnSmallDisk(script, 4);
  if (ended === undefined) {
    test.skip('this machine allows no mount namespaces');
    return;
  }
  assert.equal(ended.code, 0, ended.output);
  test.diagnostic(ended.output.trim());
});
