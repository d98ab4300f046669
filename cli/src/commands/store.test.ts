import assert from 'node:assert/strict';
import { mkdtemp, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { serialId, version } from '@irispair/common/ids/vector-id';
import { LmdbIrisStore } from '@irispair/iris-service/store/lmdb-iris-store';
import { recordFormOf } from '@irispair/iris-service/store/record-form';
import { editStore, withoutChecksum } from '@irispair/iris-service/support/edit-store';
import { irispair } from '../support/run-command.js';

const PEOPLE = 90;

it('checks a store, seals one of an earlier version, and names the ids that are damaged', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'irispair-check-'));
  const { recordBytes } = recordFormOf({ mode: 'plain', columns: 200 });
  const store = await LmdbIrisStore.open(directory, {
    mode: 'plain',
    party: null,
    formatVersion: 1,
    columns: 200,
  });
  await store.commit(
    Array.from({ length: PEOPLE }, (_, index) => ({
      serialId: serialId(index + 1),
      version: version(0),
      record: index === 4 ? null : Buffer.alloc(recordBytes, index),
    })),
  );
  await store.close();
  const whole = await irispair(['store', 'check', directory]);
  assert.deepEqual([whole.code, whole.output], [0, '89 irises and 1 deleted ids are whole\n']);

  await editStore(directory, async ({ irises, heads }) => {
    await heads.put('head', { mode: 'plain', party: null, formatVersion: 1, commitCount: 1 });
    await irises.put(3, withoutChecksum(irises.get(3)));
  });
  assert.match((await irispair(['store', 'check', directory])).output, /1 of them have no checksum/);
  const sealed = await irispair(['store', 'seal', directory, '--json']);
  assert.deepEqual([sealed.code, sealed.output], [0, '{"sealed":1}\n']);
  assert.equal((await irispair(['store', 'check', directory])).output, whole.output);

  await editStore(directory, async ({ irises }) => {
    await irises.put(7, Buffer.from(irises.get(8) ?? []));
    await irises.remove(9);
  });
  const damaged = await irispair(['store', 'check', directory, '--json']);
  assert.equal(damaged.code, 1);
  const found: unknown = JSON.parse(damaged.output);
  assert.deepEqual(found, { whole: false, live: 87, deleted: 1, unchecked: 0, damaged: [7], missing: [9] });
  const exported = await irispair(['export', join(directory, 'file'), '--store', directory]);
  assert.equal(exported.code, 1);
  assert.match(exported.errors, /serial ids 7 do not have the checksum they were written with/);

  await truncate(join(directory, 'data.mdb'), 100_000);
  const cut = await irispair(['store', 'check', directory]);
  assert.equal(cut.code, 1);
  assert.match(cut.errors, /the file is cut: it has 100000 bytes/);
  await rm(directory, { recursive: true });
});
