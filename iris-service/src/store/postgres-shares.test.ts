/** A table of one party's shares, as an existing deployment made it, read as it is. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { createHash } from 'node:crypto';
import { MisconfiguredError } from '@irispair/common/errors/errors';
import { createLogger } from '@irispair/common/log/logger';
import { PARTIES } from '@irispair/common/parties/party';
import { readPostgresUrl } from '@irispair/common/postgres/connection';
import { TestCluster } from '@irispair/common/postgres/support/cluster';
import { openSharedEngine } from '@irispair/native/shared-engine';
import { SMALL_ENGINE } from '../support/engine.js';
import type { StoreIdentity } from './iris-store.js';
import { PostgresIrisStore } from './postgres-iris-store.js';
import { recordFormOf } from './record-form.js';

const PARTY_1: StoreIdentity = { mode: 'shared', party: 1, formatVersion: 1, columns: 200 };
const PLAIN: StoreIdentity = { mode: 'plain', party: null, formatVersion: 1, columns: 200 };
const PEOPLE = 40;
const VERSION = 3;

describe("a deployment's table of shares", () => {
  let cluster: TestCluster;
  let database: string;
  before(async () => {
    cluster = await TestCluster.start();
  });
  after(() => cluster.remove());
  beforeEach(async () => {
    database = await cluster.createDatabase();
    // Filled by others, and never seen by this service: whatever 25,600 and 12,800 bytes there are, are shares.
    await cluster.sql(
      `CREATE TABLE irises (id bigint PRIMARY KEY, left_code bytea, left_mask bytea, right_code bytea, right_mask bytea,
         last_modified_at bigint, version_id smallint);
       CREATE FUNCTION noise(seed text, bytes integer) RETURNS bytea LANGUAGE sql AS
         'SELECT string_agg(sha256((seed || one)::bytea), '''') FROM generate_series(1, bytes / 32) AS one';
       INSERT INTO irises
       SELECT id, noise(id || 'lc', 25600), noise(id || 'lm', 12800), noise(id || 'rc', 25600), noise(id || 'rm', 12800),
         0, ${VERSION} FROM generate_series(1, ${PEOPLE}) AS id`,
      database,
    );
  });

  function open(identity = PARTY_1, skipBadRows = false): Promise<PostgresIrisStore> {
    return PostgresIrisStore.open({
      address: readPostgresUrl(cluster.url({ database }), undefined),
      identity,
      skipBadRows,
      loadConnections: 4,
      logger: createLogger('iris', 'silent'),
    });
  }

  /** What the row of a serial id holds: the four columns one after the other. */
  function recordOf(serial: number): Buffer {
    const noise = (seed: string, bytes: number) =>
      Buffer.concat(
        Array.from({ length: bytes / 32 }, (_, index) =>
          createHash('sha256')
            .update(`${serial}${seed}${index + 1}`)
            .digest(),
        ),
      );
    const { columnBytes } = recordFormOf(PARTY_1);
    return Buffer.concat(['lc', 'lm', 'rc', 'rm'].map((seed, index) => noise(seed, columnBytes[index])));
  }

  /** Loads into an engine; resolves to the records that it holds then, by serial id. */
  async function load(skipBadRows = false): Promise<Map<number, Buffer | undefined>> {
    const store = await open(PARTY_1, skipBadRows);
    const engine = await openSharedEngine({ ...SMALL_ENGINE, party: PARTIES[1] });
    try {
      const records = new Map<number, Buffer | undefined>();
      await store.loadInto(engine, {
        begin: () => undefined,
        loaded: (serial, version, deleted) => {
          if (!deleted) assert.equal(version, VERSION);
          records.set(serial, undefined);
        },
      });
      for (const serial of records.keys()) records.set(serial, engine.readIris(serial)?.record);
      return records;
    } finally {
      await store.close();
      await engine.close();
    }
  }

  it('is loaded bit for bit, and read in order', async () => {
    const records = await load();
    assert.equal(records.size, PEOPLE);
    for (const [serial, record] of records) assert.deepEqual(record, recordOf(serial), `row ${serial}`);
    const store = await open();
    let next = 1;
    for await (const { id, record } of store.load()) {
      assert.deepEqual(id, { serialId: next, version: VERSION });
      assert.deepEqual(record, recordOf(next));
      next += 1;
    }
    await store.close();
    assert.equal(next, PEOPLE + 1);
  });

  it('is refused by row and column where it is bad, or loaded without', async () => {
    const bad: [string, RegExp][] = [
      [
        "UPDATE irises SET left_mask = left_mask || '\\x00' WHERE id = 5",
        /row 5: left_mask has 12801 bytes, expected 12800: correct it, or leave such rows out/,
      ],
      [
        'UPDATE irises SET right_code = substr(right_code, 1, 1600) WHERE id = 6',
        /row 6: right_code has 1600 bytes, expected 25600/,
      ],
      ['UPDATE irises SET right_mask = NULL WHERE id = 7', /row 7: right_mask is null/],
      [
        "UPDATE irises SET left_code = '', left_mask = '', right_code = '', right_mask = '' WHERE id = 8",
        /row 8: left_code has 0 bytes, expected 25600, and the id is not in irispair\.deletions/,
      ],
    ];
    await cluster.sql('CREATE TABLE kept AS SELECT * FROM irises', database);
    for (const [sql, message] of bad) {
      await cluster.sql(sql, database);
      await assert.rejects(load(), (error) => {
        assert.ok(error instanceof MisconfiguredError, String(error));
        assert.match(error.message, message);
        return true;
      });
      await cluster.sql('TRUNCATE irises; INSERT INTO irises SELECT * FROM kept', database);
    }
    for (const [sql] of bad) await cluster.sql(sql, database);
    const records = await load(true);
    assert.equal(records.size, PEOPLE);
    assert.deepEqual(
      [...records].filter(([, record]) => record === undefined).map(([serial]) => serial),
      [5, 6, 7, 8],
    );
  });

  it('is loaded without an iris that was lost, once its id is listed as deleted', async () => {
    await cluster.sql(
      "UPDATE irises SET left_code = '', left_mask = '', right_code = '', right_mask = '' WHERE id = 8",
      database,
    );
    await assert.rejects(load(), /row 8: left_code has 0 bytes/);
    await cluster.sql(
      'INSERT INTO irispair.deletions SELECT id, version_id FROM irises WHERE id = 8',
      database,
    );
    const records = await load();
    assert.deepEqual(
      [...records].filter(([, record]) => record === undefined).map(([serial]) => serial),
      [8],
    );
  });

  it('is not taken over by plain mode, nor a table of plain mode by secret-shared mode', async () => {
    await assert.rejects(open(PLAIN), (error) => {
      assert.ok(error instanceof MisconfiguredError, String(error));
      assert.match(
        error.message,
        /holds one party's shares of irises of 200 columns: left_code of row 1 has 25600 bytes; this is mode plain: start an iris service with IRISPAIR_MODE=shared on it/,
      );
      return true;
    });
    // It is still nobody's: its own party takes it, and no other one after that.
    await (await open()).close();
    await assert.rejects(open({ ...PARTY_1, party: 2 }), /holds party 1, this service is configured for 2/);
    await assert.rejects(open(PLAIN), /holds mode shared, this service is configured for plain/);

    database = await cluster.createDatabase();
    await cluster.sql(
      `CREATE TABLE irises (id bigint PRIMARY KEY, left_code bytea, left_mask bytea, right_code bytea, right_mask bytea,
         last_modified_at bigint, version_id smallint);
       INSERT INTO irises SELECT 1, code, code, code, code, 0, 0 FROM (SELECT decode(repeat('ff', 1600), 'hex') AS code) AS one`,
      database,
    );
    await assert.rejects(
      open(),
      /holds irises in the clear of 200 columns: left_code of row 1 has 1600 bytes; this is mode shared/,
    );
    await (await open(PLAIN)).close();
  });
});
