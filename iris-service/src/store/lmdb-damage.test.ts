import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { DamagedStoreError } from '@irispair/common/errors/errors';
import { serialId, version } from '@irispair/common/ids/vector-id';
import { anyDamage, damaged } from '@irispair/common/support/damaged-file';
import { editStore, withoutChecksum } from '../support/edit-store.js';
import type { StoreChange, StoreIdentity } from './iris-store.js';
import { LmdbIrisStore } from './lmdb-iris-store.js';
import { recordFormOf } from './record-form.js';

const PLAIN: StoreIdentity = { mode: 'plain', party: null, formatVersion: 1, columns: 200 };
const { recordBytes } = recordFormOf(PLAIN);
const PEOPLE = 120;
const PEOPLE_A_COMMIT = 30;

function change(serial: number, count: number, isDeleted = false): StoreChange {
  const record = isDeleted ? null : randomBytes(recordBytes);
  return { serialId: serialId(serial), version: version(count), record };
}

/** Everything that a store in a directory gives out, as strings. */
async function readAll(directory: string): Promise<string[]> {
  const store = await LmdbIrisStore.open(directory, PLAIN);
  try {
    const { damaged: found, missing } = await store.inspect();
    const all = [...store.load()].map(
      ({ id, record }) =>
        `${id.serialId}/${id.version}/${record === null ? 'deleted' : Buffer.from(record).toString('base64')}`,
    );
    assert.deepEqual([found, missing], [[], []]);
    return all;
  } finally {
    await store.close();
  }
}

/** Fills a store with people, some of whom were replaced or deleted. */
async function fill(directory: string): Promise<void> {
  const store = await LmdbIrisStore.open(directory, PLAIN);
  for (let first = 1; first <= PEOPLE; first += PEOPLE_A_COMMIT) {
    await store.commit(Array.from({ length: PEOPLE_A_COMMIT }, (_, index) => change(first + index, 0)));
  }
  await store.commit([change(7, 1), change(50, 1)]);
  await store.commit([change(PEOPLE, 1, true)]);
  await store.close();
}

describe('a damaged store of irises', () => {
  let directory: string;
  let file: string;
  let whole: Buffer;
  let expected: string[];

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'irispair-damage-'));
    file = join(directory, 'data.mdb');
    await fill(directory);
    expected = await readAll(directory);
    assert.equal(expected.length, PEOPLE);
    whole = await readFile(file);
  });
  after(() => rm(directory, { recursive: true }));

  async function damage(bytes: Buffer): Promise<void> {
    await rm(join(directory, 'lock.mdb'), { force: true });
    await writeFile(file, bytes);
  }

  async function isRefused(message: RegExp): Promise<void> {
    await assert.rejects(readAll(directory), (error) => {
      assert.ok(error instanceof DamagedStoreError, String(error));
      assert.match(error.message, message);
      assert.ok(error.message.includes(directory));
      return true;
    });
  }

  it('gives out what was stored or refuses, whatever happened to its file', async () => {
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(anyDamage, async (one) => {
        await damage(damaged(whole, one));
        try {
          assert.deepEqual(await readAll(directory), expected);
        } catch (error) {
          if (!(error instanceof DamagedStoreError)) throw error;
          refused += 1;
        }
      }),
      { numRuns: 150 },
    );
    // About half of them hit what is in use: this is six standard deviations below.
    assert.ok(refused > 40, `${refused} of 150 were refused`);
  });

  it('is refused when the file is empty, cut, or has no meta page left', async () => {
    for (const [bytes, message] of [
      [Buffer.alloc(0), /data\.mdb: it is empty \(0 bytes\)/],
      [whole.subarray(0, 5_000), /it has 5000 bytes/],
      [whole.subarray(0, 300_000), /the file is cut: it has 300000 bytes and page \d+, which is in use/],
      [Buffer.concat([Buffer.alloc(8_192), whole.subarray(8_192)]), /meta page 0 is damaged/],
    ] as const) {
      await damage(bytes);
      await isRefused(message);
    }
    await damage(whole);
    assert.deepEqual(await readAll(directory), expected);
  });

  it('does not let an acknowledged commit go when the meta page that knows it is lost', async () => {
    for (const page of [0, 1]) {
      const bytes = Buffer.from(whole);
      bytes.fill(0, page * 4_096, (page + 1) * 4_096);
      await damage(bytes);
      await isRefused(new RegExp(`meta page ${page} is damaged`));
    }
  });

  it('names the ids whose records were changed or exchanged, and those that are gone', async () => {
    await damage(whole);
    await editStore(directory, async ({ irises }) => {
      const [one, other] = [3, 4].map((serial) => Buffer.from(irises.get(serial) ?? []));
      await irises.put(3, other);
      await irises.put(4, one);
      await irises.remove(9);
    });
    const store = await LmdbIrisStore.open(directory, PLAIN);
    const { damaged: found, missing, live } = await store.inspect();
    assert.deepEqual([found, missing, live], [[3, 4], [9], PEOPLE - 4]);
    await assert.rejects(
      store.seal(),
      /serial ids 3, 4 do not have the checksum.*; serial ids 9 are missing/,
    );
    await store.close();
  });

  it('of a version without checksums is read, and gains them as it is rewritten or sealed', async () => {
    await damage(whole);
    await editStore(directory, async ({ irises, heads }) => {
      for (const serial of [...irises.getKeys()]) {
        await irises.put(serial, withoutChecksum(irises.get(serial)));
      }
      await heads.put('head', { ...PLAIN, commitCount: 6 });
    });
    const store = await LmdbIrisStore.open(directory, PLAIN);
    assert.equal((await store.inspect()).unchecked, PEOPLE);
    await store.commit([change(5, 1)]);
    assert.equal((await store.inspect()).unchecked, PEOPLE - 1);
    assert.equal(await store.seal(), PEOPLE - 1);
    assert.equal((await store.inspect()).unchecked, 0);
    assert.equal(store.commitCount, 7);
    await store.close();
    await truncate(file, 400_000);
    await isRefused(/the file is cut/);
  });
});
