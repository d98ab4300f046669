/** The iris service on a PostgreSQL store: what it refuses at start, and what it does while the database is away. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { Client, credentials, status } from '@grpc/grpc-js';
import { service as healthService } from 'grpc-health-check';
import { MisconfiguredError } from '@irispair/common/errors/errors';
import { HOP_CHANNEL_OPTIONS } from '@irispair/common/grpc/limits';
import { socketTarget } from '@irispair/common/grpc/local-socket';
import { irisMessage } from '@irispair/common/iris/message';
import { TestCluster } from '@irispair/common/postgres/support/cluster';
import { TestBouncer } from '@irispair/common/postgres/support/pgbouncer';
import { until } from '@irispair/common/support/until';
import type { SessionResponse } from '@irispair/proto/compute';
import { irisOf } from './support/irises.js';
import { refusalOf } from './support/refusal.js';
import { ServiceUnderTest } from './support/service-under-test.js';
import { insert, update } from './support/steps.js';

describe('the iris service on PostgreSQL', () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await TestCluster.start();
    await cluster.sql('CREATE ROLE reader LOGIN; GRANT CREATE ON DATABASE postgres TO reader');
  });
  after(() => cluster.remove());

  async function refused(environment: Readonly<Record<string, string>>, message: RegExp): Promise<void> {
    await assert.rejects(
      async () => {
        const started = await ServiceUnderTest.start(environment);
        await started.stop();
      },
      (error) => {
        assert.ok(error instanceof MisconfiguredError, String(error));
        assert.match(error.message, message);
        return true;
      },
    );
  }

  it('does not start without what it needs, and says what', async () => {
    const database = await cluster.createDatabase();
    await refused({ IRISPAIR_IRIS_STORE: 'postgres://h/d?sslmode=no' }, /sslmode=no, give one of/);
    await refused(
      { IRISPAIR_IRIS_STORE: cluster.url({ database, schema: 'missing' }) },
      /no schema has been selected|create the schema/,
    );
    await refused(
      { IRISPAIR_IRIS_STORE: cluster.url({ database }), IRISPAIR_STORE_CREATE: '0' },
      /there is no iris store in .*: correct IRISPAIR_IRIS_STORE.* give --create or IRISPAIR_STORE_CREATE=1/,
    );
    const made = await cluster.sql("SELECT FROM pg_namespace WHERE nspname = 'irispair'", database);
    assert.equal(made.length, 0);
    await refused({ IRISPAIR_IRIS_STORE: cluster.url({ database: 'none' }) }, /create the database/);
    await refused({ IRISPAIR_IRIS_STORE: cluster.url({ database, user: 'reader' }) }, /grant the right/);
    await cluster.sql('CREATE TABLE irises (id bigint PRIMARY KEY, left_code text)', database);
    await refused(
      { IRISPAIR_IRIS_STORE: cluster.url({ database }) },
      /column left_code of public\.irises is text, bytea is expected/,
    );
  });

  it('needs the rights to read and to write the table, and names the one it has not', async () => {
    const database = await cluster.createDatabase();
    const first = await ServiceUnderTest.start({ IRISPAIR_IRIS_STORE: cluster.url({ database }) });
    await first.stop();
    await cluster.sql(
      `GRANT USAGE ON SCHEMA irispair TO reader;
       GRANT ALL ON ALL TABLES IN SCHEMA irispair TO reader;
       GRANT SELECT ON irises TO reader`,
      database,
    );
    await refused(
      { IRISPAIR_IRIS_STORE: cluster.url({ database, user: 'reader' }) },
      /no right to INSERT, UPDATE on public\.irises: GRANT INSERT, UPDATE ON it/,
    );
  });

  it('has one owner however many start at once, and irises of one schema only', async () => {
    const database = await cluster.createDatabase();
    const environment = { IRISPAIR_IRIS_STORE: cluster.url({ database }) };
    const started = await Promise.allSettled(
      Array.from({ length: 4 }, () => ServiceUnderTest.start(environment)),
    );
    const running = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    assert.equal(running.length, 1);
    for (const one of started) {
      if (one.status === 'rejected') assert.match(String(one.reason), /is in use by another service/);
    }
    await running[0].stop();
    await cluster.sql('CREATE SCHEMA other; CREATE TABLE other.irises (LIKE public.irises)', database);
    await refused(
      { IRISPAIR_IRIS_STORE: cluster.url({ database, schema: 'other' }) },
      /holds the irises of schema public, search_path says other/,
    );
  });

  it('makes no empty table where another schema has irises, and says how to name it', async () => {
    const database = await cluster.createDatabase();
    await cluster.sql(
      'CREATE SCHEMA "Party_1"; CREATE TABLE "Party_1".irises (id bigint PRIMARY KEY)',
      database,
    );
    // A name with capitals that is not quoted is another name.
    for (const schema of [undefined, 'Party_1']) {
      await refused(
        { IRISPAIR_IRIS_STORE: cluster.url(schema === undefined ? { database } : { database, schema }) },
        /no table irises where search_path looks, but one in the schema Party_1: give options=-c%20search_path%3D%22Party_1%22 in/,
      );
    }
    const tables = await cluster.sql("SELECT FROM pg_class WHERE relname = 'irises'", database);
    assert.equal(tables.length, 1);
    await refused(
      { IRISPAIR_IRIS_STORE: cluster.url({ database, schema: '"Party_1"' }) },
      /column left_code of Party_1\.irises is missing/,
    );
  });

  it('says while the database is away that it takes no changes, and answers the rest', async () => {
    const environment = { IRISPAIR_IRIS_STORE: cluster.url({ database: await cluster.createDatabase() }) };
    const test = await ServiceUnderTest.start(environment);
    const { call, first } = await test.join();
    assert.equal(first.storeAway, '');
    const said: SessionResponse[] = [];
    call.on('data', (heartbeat: SessionResponse) => said.push(heartbeat));
    const [handle, other] = await test.prepare(first.sessionId, [irisOf('a'), irisOf('b')]);
    await test.commit([insert(handle, 1)]);
    await cluster.stopServer();
    await until('it says so', () => said.at(-1)?.storeAway.includes('is away') === true);
    assert.equal(await healthOf(test.socket), 'NOT_SERVING');
    const refusal = await refusalOf(test.commit([insert(other, 2)]));
    assert.equal(refusal.code, status.ABORTED);
    assert.match(refusal.details, /the store takes no changes at present/);
    assert.deepEqual((await test.fetch(1)).iris, irisMessage(irisOf('a')));
    await cluster.startServer();
    await until('it takes changes again', () => said.at(-1)?.storeAway === '');
    assert.equal(await healthOf(test.socket), 'SERVING');
    assert.deepEqual((await test.commit([insert(other, 2)])).vectorIds, [{ serialId: 2, version: 0 }]);
    await test.stop();
  });

  it('takes no changes once another program has changed the store, and says so everywhere', async () => {
    const database = await cluster.createDatabase();
    const test = await ServiceUnderTest.start({ IRISPAIR_IRIS_STORE: cluster.url({ database }) });
    const { call, first } = await test.join();
    const said: SessionResponse[] = [];
    call.on('data', (heartbeat: SessionResponse) => said.push(heartbeat));
    const [handle, other] = await test.prepare(first.sessionId, [irisOf('a'), irisOf('b')]);
    await test.commit([insert(handle, 1)]);
    await cluster.sql('UPDATE irispair.store SET commit_count = commit_count + 1', database);
    for (const refused of [other, other]) {
      const refusal = await refusalOf(test.commit([insert(refused, 2)]));
      assert.equal(refusal.code, status.ABORTED);
      assert.match(refusal.details, /another service has changed the store .*: restart this one/);
    }
    await until('it says so', () => said.at(-1)?.storeAway.includes('another service') === true);
    assert.equal(await healthOf(test.socket), 'NOT_SERVING');
    assert.deepEqual((await test.fetch(1)).iris, irisMessage(irisOf('a')));
    await test.restart();
    assert.equal(await healthOf(test.socket), 'SERVING');
    const again = await test.join();
    const [prepared] = await test.prepare(again.first.sessionId, [irisOf('b')]);
    assert.deepEqual((await test.commit([insert(prepared, 2)])).vectorIds, [{ serialId: 2, version: 0 }]);
    await test.stop();
  });

  it('refuses what a constraint or a trigger refuses, names it, and stores what came together with it', async () => {
    const database = await cluster.createDatabase();
    const test = await ServiceUnderTest.start({ IRISPAIR_IRIS_STORE: cluster.url({ database }) });
    const { first } = await test.join();
    const names = Array.from({ length: 9 }, (_, index) => `person ${index}`);
    const handles = await test.prepare(
      first.sessionId,
      names.map((name) => irisOf(name)),
    );
    for (const serial of [1, 2, 3, 4, 5, 6]) await test.commit([insert(handles[serial - 1], serial)]);
    await cluster.sql(
      `CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN IF NEW.id = 5 THEN RAISE EXCEPTION 'person % is to be kept', NEW.id; END IF; RETURN NEW; END $$;
       CREATE TRIGGER keep BEFORE UPDATE ON irises FOR EACH ROW EXECUTE FUNCTION keep();
       ALTER TABLE irises ADD CONSTRAINT four_stays CHECK (id <> 4 OR version_id = 0);
       ALTER TABLE irises ADD CONSTRAINT one_code_each UNIQUE (left_code) DEFERRABLE INITIALLY DEFERRED`,
      database,
    );
    const replace = (serial: number, query: number) => test.commit([update(query, [serial, 0])]);
    // The first is stored alone while the others gather.
    const done = await Promise.allSettled([
      replace(1, handles[6]),
      replace(2, handles[7]),
      replace(4, handles[7]),
      replace(5, handles[8]),
      replace(6, handles[2]),
      replace(3, handles[8]),
    ]);
    assert.deepEqual(
      done.map(({ status: how }) => how),
      ['fulfilled', 'fulfilled', 'rejected', 'rejected', 'rejected', 'fulfilled'],
    );
    for (const [place, message] of [
      [2, /constraint four_stays of table irises refuses it, nothing was stored/],
      [3, /a trigger .*keep\(\).*: person 5 is to be kept/],
      [4, /constraint one_code_each of table irises refuses it/],
    ] as const) {
      const refusal = await refusalOf(unwrap(done[place]));
      assert.equal(refusal.code, status.PERMISSION_DENIED);
      assert.match(refusal.details, message);
    }
    assert.deepEqual((await test.fetch(6)).iris, irisMessage(irisOf('person 5')));
    await test.restart();
    assert.deepEqual((await test.fetch(3)).iris, irisMessage(irisOf('person 8')));
    assert.deepEqual((await test.fetch(4)).iris, irisMessage(irisOf('person 3')));
    await test.stop();
  });

  it('works behind a pooler in session mode, and is refused behind one in transaction mode', async () => {
    const database = await cluster.createDatabase();
    for (const mode of ['session', 'transaction'] as const) {
      const bouncer = await TestBouncer.start(cluster, { mode });
      const environment = { IRISPAIR_IRIS_STORE: bouncer.url(database) };
      try {
        if (mode === 'transaction')
          await refused(environment, /connect without the pooler, or in session mode/);
        else await (await ServiceUnderTest.start(environment)).stop();
      } finally {
        await bouncer.remove();
      }
    }
  });

  it('answers in time when the database does not, publishes what is stored later, and ends the session', async () => {
    const database = await cluster.createDatabase();
    const test = await ServiceUnderTest.start({ IRISPAIR_IRIS_STORE: cluster.url({ database }) });
    const { call, first } = await test.join();
    const [handle, other] = await test.prepare(first.sessionId, [irisOf('late'), irisOf('other')]);
    const goOn = await cluster.silenceOwner(database);
    try {
      const refusal = await refusalOf(test.commit([insert(handle, 1)]));
      assert.equal(refusal.code, status.UNAVAILABLE);
      assert.match(refusal.details, /whether this is stored is not known yet/);
      const next = await refusalOf(test.commit([insert(other, 2)]));
      assert.equal(next.code, status.ABORTED);
      assert.match(next.details, /takes no changes at present: it does not answer/);
    } finally {
      goOn();
    }
    call.resume();
    await once(call, 'end');
    assert.deepEqual((await test.fetch(1)).iris, irisMessage(irisOf('late')));
    assert.equal((await test.join()).first.commitCount, 1);
    await test.stop();
  });
});

/** A settled call as a promise again. */
function unwrap(settled: PromiseSettledResult<unknown>): Promise<unknown> {
  return settled.status === 'fulfilled'
    ? Promise.resolve(settled.value)
    : Promise.reject(settled.reason as Error);
}

/** What the standard health check of a socket says. */
async function healthOf(socket: string): Promise<unknown> {
  const client = new Client(socketTarget(socket), credentials.createInsecure(), HOP_CHANNEL_OPTIONS);
  const { path, requestSerialize, responseDeserialize } = healthService.Check;
  const answer = await new Promise<unknown>((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      { service: '' },
      (error, response: { status?: unknown } | undefined) => {
        if (error === null) resolve(response?.status);
        else reject(error);
      },
    );
  });
  client.close();
  return answer;
}
