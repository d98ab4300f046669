import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { TestCluster } from '@irispair/common/postgres/support/cluster';
import { change, contents, type Told } from '@irispair/iris-service/support/stored-irises';
import type { StoreIdentity } from '@irispair/iris-service/store/iris-store';
import { LmdbIrisStore } from '@irispair/iris-service/store/lmdb-iris-store';
import { irispair, type Ran } from '../support/run-command.js';

const PLAIN: StoreIdentity = { mode: 'plain', party: null, formatVersion: 1, columns: 200 };
/** Replaced and deleted. */
const IRISES: Told[] = [
  [1, 0, 1],
  [2, 3, 2],
  [3, 1, null],
  [4, 65_535, 5],
  [5, 40_000, null],
  ...Array.from({ length: 900 }, (_, index): Told => [index + 6, 0, index & 0xff]),
];

describe('export, import and copy with PostgreSQL', () => {
  let cluster: TestCluster;
  let directory: string;
  let database: string;
  let url: string;
  before(async () => {
    cluster = await TestCluster.start();
  });
  after(() => cluster.remove());
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'irispair-transfer-'));
    database = await cluster.createDatabase();
    url = cluster.url({ database });
  });
  afterEach(() => rm(directory, { recursive: true }));

  function place(name: string): string {
    return join(directory, name);
  }

  async function fill(name: string, irises: readonly Told[]): Promise<void> {
    const store = await LmdbIrisStore.open(place(name), PLAIN);
    await store.commit(irises.map(change));
    await store.close();
  }

  async function held(name: string): Promise<Told[]> {
    const store = await LmdbIrisStore.openExisting(place(name));
    const found = await contents(store);
    await store.close();
    return found;
  }

  async function done(...command: string[]): Promise<unknown> {
    const { code, output, errors } = await irispair([...command, '--json']);
    assert.equal(code, 0, errors);
    return JSON.parse(output);
  }

  async function refused(...command: string[]): Promise<Ran> {
    const ran = await irispair(command);
    assert.equal(ran.code, 1, ran.errors);
    assert.doesNotMatch(ran.errors, /\n {4}at /);
    return ran;
  }

  it('move a store there and back, and go on where they stopped', async () => {
    await fill('from', IRISES);
    await fill('begun', IRISES.slice(0, 300));
    const all = IRISES.length;
    assert.deepEqual(await done('copy', '--from', place('begun'), '--to', url), {
      copied: 300,
      already_there: 0,
      deleted: 2,
    });
    assert.deepEqual(await done('copy', '--from', place('from'), '--to', url), {
      copied: all - 300,
      already_there: 300,
      deleted: 2,
    });
    const file = place('people.irises');
    assert.deepEqual(await done('export', file, '--store', url), {
      exported: all,
      already_there: 0,
      deleted: 2,
    });
    assert.deepEqual(await done('import', file, '--store', place('back')), {
      imported: all,
      already_there: 0,
      deleted: 2,
    });
    assert.deepEqual(await held('back'), IRISES);
    assert.deepEqual(await done('import', file, '--store', url), {
      imported: 0,
      already_there: all,
      deleted: 2,
    });
  });

  it('refuse a table with bad rows by row and column, or leave these out and say which', async () => {
    await fill('from', IRISES);
    await done('copy', '--from', place('from'), '--to', url);
    await cluster.sql(
      `UPDATE irises SET right_mask = NULL WHERE id = 10;
       UPDATE irises SET left_code = left_code || '\\x00' WHERE id = 11;
       UPDATE irises SET version_id = NULL WHERE id = 12;
       DELETE FROM irispair.deletions WHERE id = 3`,
      database,
    );
    const found = [
      ['3', 'left_code has 0 bytes, expected 1600, and the id is not in irispair.deletions'],
      ['10', 'right_mask is null'],
      ['11', 'left_code has 1601 bytes, expected 1600'],
      ['12', 'version_id is null'],
    ];
    const file = place('some.irises');
    const first = await refused('export', file, '--store', url);
    assert.match(
      first.errors,
      /the table irises of postgres:.*: row 3: left_code has 0 bytes.*--skip-bad-rows/,
    );
    await cluster.sql('DELETE FROM irises WHERE id IN (13, 14)', database);
    const second = await refused('copy', '--from', url, '--to', place('none'));
    assert.match(second.errors, /no rows have ids 13 to 14, ids must follow each other.*--skip-bad-rows/);

    const ran = await irispair(['export', file, '--store', url, '--skip-bad-rows']);
    assert.equal(ran.code, 0, ran.errors);
    for (const [serialId, problem] of found) {
      assert.ok(ran.errors.includes(`"serialId":${serialId},"problem":"${problem}"`), ran.errors);
    }
    assert.ok(ran.errors.includes('"first":13,"last":14'), ran.errors);
    await done('import', file, '--store', place('back'));
    await done('copy', '--from', url, '--to', place('copied'), '--skip-bad-rows');
    const bad = new Set([10, 11, 12, 13, 14]);
    const expected = IRISES.map(([serial, count, fill]): Told =>
      bad.has(serial) ? [serial, 0, null] : [serial, count, fill],
    );
    assert.deepEqual(await held('back'), expected);
    assert.deepEqual(await held('copied'), expected);
  });

  it('refuse what cannot be moved, and never say the password', async () => {
    await fill('from', IRISES.slice(0, 3));
    await fill('other', [[1, 0, 9]]);
    const none = await refused('export', place('x'), '--store', url);
    assert.match(none.errors, /there is no iris store in postgres:.*: name a database that has one/);
    await done('copy', '--from', place('from'), '--to', url);
    const other = await refused('copy', '--from', place('other'), '--to', url);
    assert.match(
      other.errors,
      /serial id 1 is not in the store in postgres:.* as it is in the store in .*other/,
    );
    const secret = url.replace('irispair_test@', 'irispair_test:hush@');
    assert.notEqual(secret, url);
    assert.doesNotMatch((await refused('copy', '--from', place('other'), '--to', secret)).errors, /hush/);
    const away = await refused('export', place('x'), '--store', 'postgres://me:hush@127.0.0.1:1/irises');
    assert.match(away.errors, /postgres:.* is away/);
    assert.doesNotMatch(away.errors, /hush/);
  });
});
