/** A real table, loaded into a real engine. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { MisconfiguredError } from '@irispair/common/errors/errors';
import { serialId, version } from '@irispair/common/ids/vector-id';
import { readPostgresUrl } from '@irispair/common/postgres/connection';
import { TestCluster } from '@irispair/common/postgres/support/cluster';
import { createEngine } from '@irispair/native/engine';
import type { IrisEngine } from '@irispair/native/engine-types';
import { encodeRecord } from '@irispair/native/records';
import { SMALL_ENGINE } from '../support/engine.js';
import { irisOf } from '../support/irises.js';
import { contents } from '../support/stored-irises.js';
import { PostgresIrisStore } from './postgres-iris-store.js';

const IDENTITY = { mode: 'plain', party: null, formatVersion: 1, columns: 200 } as const;
const run = promisify(execFile);
const PEOPLE = 40;
const DELETED = 7;

describe('loading a table of irises', () => {
  let cluster: TestCluster;
  let database: string;
  let engine: IrisEngine;
  before(async () => {
    cluster = await TestCluster.start();
  });
  after(() => cluster.remove());
  beforeEach(async () => {
    database = await cluster.createDatabase();
    engine = createEngine({
      ...SMALL_ENGINE,
      arena: { ...SMALL_ENGINE.arena, maximumCapacity: 100_000, growBy: 1_000 },
    });
    const store = await open();
    await store.commit(
      Array.from({ length: PEOPLE }, (_, index) => ({
        serialId: serialId(index + 1),
        version: version(0),
        record: encodeRecord(irisOf(`person ${index + 1}`), 200),
      })),
    );
    await store.commit([{ serialId: serialId(DELETED), version: version(1), record: null }]);
    await store.commit([
      { serialId: serialId(3), version: version(0xffff), record: encodeRecord(irisOf('another'), 200) },
    ]);
    await store.close();
  });
  afterEach(() => engine.close());

  function open(skipBadRows = false, lines: string[] = []): Promise<PostgresIrisStore> {
    return PostgresIrisStore.open({
      address: readPostgresUrl(cluster.url({ database }), undefined),
      identity: IDENTITY,
      skipBadRows,
      loadConnections: 4,
      logger: pino({ level: 'warn' }, { write: (line) => void lines.push(line) }),
    });
  }

  /** Loads; resolves to what was told of each serial id. */
  async function load(skipBadRows = false, lines: string[] = []): Promise<Map<number, string>> {
    const store = await open(skipBadRows, lines);
    const told = new Map<number, string>();
    try {
      await store.loadInto(engine, {
        begin: () => undefined,
        loaded: (serial, count, deleted) => {
          assert.ok(!told.has(serial), `${serial} was loaded twice`);
          told.set(serial, `${count}${deleted ? ' deleted' : ''}`);
        },
      });
    } finally {
      await store.close();
    }
    return told;
  }

  /** Further people with the eyes of the first one. */
  async function growTo(people: number): Promise<void> {
    await cluster.sql(
      `INSERT INTO irises (id, left_code, left_mask, right_code, right_mask, version_id)
       SELECT more, left_code, left_mask, right_code, right_mask, 0
       FROM irises, generate_series((SELECT max(id) + 1 FROM irises), $1) AS more WHERE irises.id = 1`,
      database,
      [people],
    );
  }

  it('brings every iris into memory bit for bit, with its version, and the deleted ones', async () => {
    const told = await load();
    assert.deepEqual(
      [...told.keys()].sort((a, b) => a - b),
      Array.from({ length: PEOPLE }, (_, index) => index + 1),
    );
    for (const [serial, count] of told) {
      const expected = serial === 3 ? 'another' : `person ${serial}`;
      if (serial === DELETED) {
        assert.deepEqual([count, engine.readIris(serial)], ['1 deleted', null]);
      } else {
        const iris = engine.readIris(serial);
        assert.equal(count, String(iris?.version));
        assert.deepEqual(iris?.record, encodeRecord(irisOf(expected), 200));
      }
    }
    assert.equal(told.get(3), '65535');
    assert.equal(engine.placement(false).left.used, PEOPLE - 1);
  });

  it('keeps what other tools read: the packed codes and masks, empty for a deleted id', async () => {
    const [row] = await cluster.sql<Record<string, Buffer>>('SELECT * FROM irises WHERE id = 5', database);
    const { left, right } = irisOf('person 5');
    assert.ok(row.left_code.equals(left.irisCodes));
    assert.ok(row.right_mask.equals(right.maskCodes));
    const deleted = await cluster.sql(
      `SELECT octet_length(left_code) AS bytes, irises.version_id, deletions.version_id AS listed
       FROM irises JOIN irispair.deletions USING (id)`,
      database,
    );
    assert.deepEqual(deleted, [{ bytes: 0, version_id: 1, listed: 1 }]);
  });

  it('reads tables of many ranges', async () => {
    await growTo(40_000);
    assert.equal((await load()).size, 40_000);
    assert.deepEqual(engine.readIris(40_000)?.record, encodeRecord(irisOf('person 1'), 200));
  });

  it('takes as much memory beside the arenas for a large table as for a small one', async (test) => {
    const script = fileURLToPath(import.meta.resolve('../support/load-postgres.js'));
    const bytesFor = async (people: number): Promise<number> => {
      await growTo(people);
      const { stdout } = await run(process.execPath, [script, cluster.url({ database }), '50000']);
      const { loaded, bytes } = JSON.parse(stdout) as { loaded: number; bytes: number };
      assert.equal(loaded, people);
      return bytes;
    };
    const small = await bytesFor(5_000);
    const large = await bytesFor(50_000);
    const growth = (large - small) >> 20;
    test.diagnostic(`beside the arenas: ${small >> 20} MiB for 5,000, ${large >> 20} MiB for 50,000 irises`);
    // What the columns of the further 45,000 hold is 275 MiB.
    assert.ok(growth < 48, `${growth} MiB more for ten times the irises`);
    assert.ok(large < 192 << 20, `${large >> 20} MiB beside the arenas`);
  });

  it('refuses bad rows by row and column, or loads the rest and says which', async () => {
    const bad: [string, RegExp][] = [
      ['UPDATE irises SET left_mask = NULL WHERE id = 9', /row 9: left_mask is null/],
      [
        "UPDATE irises SET right_code = right_code || '\\x00' WHERE id = 11",
        /row 11: right_code has 1601 bytes, expected 1600/,
      ],
      ['UPDATE irises SET version_id = NULL WHERE id = 12', /row 12: version_id is null/],
      ['DELETE FROM irises WHERE id IN (20, 21)', /no rows have ids 20 to 21, ids must follow each other/],
      [
        "UPDATE irises SET left_code = '', left_mask = '', right_code = '', right_mask = '' WHERE id = 30",
        /row 30: left_code has 0 bytes.*not in irispair\.deletions/,
      ],
    ];
    const undo = 'CREATE TABLE kept AS SELECT * FROM irises';
    await cluster.sql(undo, database);
    for (const [sql, message] of bad) {
      await cluster.sql(sql, database);
      await assert.rejects(load(), (error) => {
        assert.ok(error instanceof MisconfiguredError, String(error));
        assert.match(error.message, message);
        assert.match(error.message, /leave such rows out with IRISPAIR_SKIP_BAD_ROWS=1 or --skip-bad-rows$/);
        return true;
      });
      await cluster.sql('TRUNCATE irises; INSERT INTO irises SELECT * FROM kept', database);
    }
    for (const [sql] of bad) await cluster.sql(sql, database);
    const lines: string[] = [];
    const told = await load(true, lines);
    assert.equal(told.size, PEOPLE);
    const skipped = [9, 11, 12, 20, 21, 30];
    for (const serial of skipped) {
      assert.match(told.get(serial) ?? '', /deleted/);
      assert.equal(engine.readIris(serial), null);
    }
    assert.equal(engine.placement(false).left.used, PEOPLE - 1 - skipped.length);
    const logged = lines.join('');
    for (const part of ['"serialId":9', '"serialId":11', '"first":20,"last":21', 'left_mask is null']) {
      assert.ok(logged.includes(part), part);
    }
  });

  it('refuses ids that are none, or that are too far from each other, before it reads a row', async () => {
    const move = (from: number, to: number) =>
      cluster.sql('UPDATE irises SET id = $2 WHERE id = $1', database, [from, to]);
    const isRefused = async (message: RegExp): Promise<void> => {
      await assert.rejects(load(true), message);
      const store = await open(true);
      await assert.rejects(contents(store), message);
      await store.close();
    };
    await move(1, -1);
    await isRefused(/row -1: id is below 1: number the rows from 1$/);
    await move(-1, 4_294_967_296);
    await isRefused(/row 4294967296: id is above 4294967295: number the rows from 1$/);
    await move(4_294_967_296, 1);
    await move(PEOPLE, 4_000_000_000);
    await isRefused(/3999999960 ids are missing, the first from 40 to 3999999999, at most 1000000 can/);
    await assert.rejects(load(), /no rows have ids 40 to 3999999999, ids must follow.*--skip-bad-rows$/);
  });

  it('goes on where it was when connections are lost', async () => {
    await growTo(40_000);
    const store = await open();
    const told = new Set<number>();
    const cuts: Promise<unknown>[] = [];
    await store.loadInto(engine, {
      begin: () => undefined,
      loaded: (serial) => {
        assert.ok(!told.has(serial), `${serial} was loaded twice`);
        told.add(serial);
        if (told.size % 10_000 !== 0) return;
        cuts.push(
          cluster.sql(
            'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1',
            'postgres',
            [database],
          ),
        );
      },
    });
    await Promise.all(cuts);
    assert.equal(told.size, 40_000);
    await store.close();
  });
});
