import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Client, credentials } from '@grpc/grpc-js';
import { service as healthService } from 'grpc-health-check';
import { MisconfiguredError } from '@irispair/common/errors/errors';
import { HOP_CHANNEL_OPTIONS } from '@irispair/common/grpc/limits';
import { socketTarget } from '@irispair/common/grpc/local-socket';
import { irisMessage } from '@irispair/common/iris/message';
import { createLogger } from '@irispair/common/log/logger';
import { decidePlacement } from '@irispair/common/placement/decide';
import { until } from '@irispair/common/support/until';
import { readTopology } from '@irispair/native/topology';
import { startIrisService } from './iris-service.js';
import { readIrisServiceSettings } from './settings.js';
import { irisOf } from './support/irises.js';
import { ServiceUnderTest } from './support/service-under-test.js';
import { insert, remove, searchFor, serials, update } from './support/steps.js';

describe('the iris service', () => {
  let test: ServiceUnderTest;
  before(async () => {
    test = await ServiceUnderTest.start({ IRISPAIR_QUERY_EXPIRY_SECONDS: '1' });
  });
  after(() => test.stop());

  /** Starts a second one, which must be refused. */
  function second(environment: Readonly<Record<string, string>>): Promise<unknown> {
    const settings = readIrisServiceSettings({
      IRISPAIR_PLACEMENT: 'off',
      IRISPAIR_HUGEPAGES: 'off',
      IRIS_STORE_INITIAL_CAPACITY: '16',
      IRISPAIR_IRIS_SOCKET: join(test.directory, 'second.sock'),
      IRISPAIR_IRIS_STORE: join(test.directory, 'second'),
      IRISPAIR_STORE_CREATE: '1',
      ...environment,
    });
    return startIrisService(
      settings,
      decidePlacement(readTopology(), settings, 'iris'),
      createLogger('iris', 'silent'),
    );
  }

  it('frees queries that nobody released once they expire', async () => {
    const { first } = await test.join();
    assert.equal(first.queryExpirySeconds, 1);
    await test.prepare(first.sessionId, [irisOf('forgotten'), irisOf('forgotten too')]);
    await until('they expired', () => test.engine.counters().queries === 0);
  });

  it('has the same irises after a restart', async () => {
    const { sessionId } = (await test.join()).first;
    const handles = await test.prepare(
      sessionId,
      ['a', 'b', 'c', 'c2'].map((name) => irisOf(name)),
    );
    await test.commit([insert(handles[0], 1), insert(handles[1], 2), insert(handles[2], 3)]);
    await test.commit([remove([2, 0]), update(handles[3], [3, 0])]);
    await test.restart();
    assert.deepEqual((await test.fetch(3)).vectorId, { serialId: 3, version: 1 });
    assert.deepEqual((await test.fetch(3)).iris, irisMessage(irisOf('c2')));
    const joined = await test.join();
    assert.equal(joined.first.commitCount, 2);
    const [query] = await test.prepare(joined.first.sessionId, [irisOf('a')]);
    const [{ nearest, compared }] = await test.scan([searchFor(query, 5)]);
    assert.deepEqual([serials(nearest)[0], serials(nearest).length, compared], [1, 2, 2]);
  });

  it('refuses a second service on its socket or its store, and serves on', async () => {
    const refused: [Record<string, string>, RegExp][] = [
      [{ IRISPAIR_IRIS_SOCKET: test.socket }, /another iris service serves, or starts, on .*iris\.sock/],
      [{ IRISPAIR_IRIS_STORE: join(test.directory, 'store') }, /store.* is in use by another service/],
    ];
    for (const [environment, message] of refused) {
      await assert.rejects(second(environment), (error) => {
        assert.ok(error instanceof MisconfiguredError);
        assert.match(error.message, message);
        return true;
      });
    }
    assert.equal((await test.placement()).report?.placement, 'off');
  });

  it('names the setting or the memory that it cannot have, and leaves the store free', async () => {
    await assert.rejects(second({ IRIS_STORE_INITIAL_CAPACITY: '4000000000' }), (error) => {
      assert.ok(error instanceof MisconfiguredError);
      assert.match(
        error.message,
        /^\d+ MiB of memory are needed \(place for 4000000000 irises \d+ MiB, .*\), and .+ has \d+ MiB: .*IRIS_STORE_INITIAL_CAPACITY/,
      );
      return true;
    });
    const wrong = { IRISPAIR_HUGEPAGES: 'maybe', IRISPAIR_QUERY_EXPIRY_SECONDS: '0' };
    assert.throws(
      () => readIrisServiceSettings(wrong),
      /IRISPAIR_HUGEPAGES="maybe": give one of require, prefer, off; IRISPAIR_QUERY_EXPIRY_SECONDS="0": give an integer from 1/,
    );
    assert.throws(
      () => readIrisServiceSettings({ IRISPAIR_IRIS_STORE: 'postgres//me:secret@h/d' }),
      /^MisconfiguredError: IRISPAIR_IRIS_STORE begins with "postgres\/\/", as the URL of a database does without its colon: give [^@]*@HOST[^@]*$/,
    );
    const started = (await second({})) as { stop(): Promise<void> };
    await started.stop();
  });

  it('says that it serves, and that it stops, by the standard health check; its socket goes with it', async () => {
    const place = await ServiceUnderTest.start();
    const client = new Client(socketTarget(place.socket), credentials.createInsecure(), HOP_CHANNEL_OPTIONS);
    const { path, requestSerialize, responseDeserialize } = healthService.Watch;
    const watch = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, {
      service: '',
    });
    const told: unknown[] = [];
    watch.on('data', ({ status }: { status: unknown }) => told.push(status));
    // It ends when it is cancelled below.
    watch.on('error', () => undefined);
    await until('it serves', () => told.at(-1) === 'SERVING');
    const { socket } = place;
    const stopped = place.stop();
    await until('it stops', () => told.at(-1) === 'NOT_SERVING');
    watch.cancel();
    await stopped;
    assert.equal(existsSync(socket), false);
    client.close();
  });
});
