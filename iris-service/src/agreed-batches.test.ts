/** An iris service of one party that is killed anywhere between preparing a batch and having it applied, on either store. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { BATCH_NAME_BYTES } from '@irispair/common/parties/batch-name';
import { isServiceError } from '@irispair/common/grpc/status';
import { PARTIES } from '@irispair/common/parties/party';
import { TestCluster } from '@irispair/common/postgres/support/cluster';
import { until } from '@irispair/common/support/until';
import { PartyCertificates } from '@irispair/common/support/party-certificates';
import type * as wire from '@irispair/proto/compute';
import { HopClient } from './support/hop-client.js';
import { irisOf } from './support/irises.js';
import { PartyProcess } from './support/party-process.js';
import { refusalOf } from './support/refusal.js';
import { ServiceUnderTest } from './support/service-under-test.js';
import { insert, remove, update } from './support/steps.js';
import { sharesOf } from './support/three-parties.js';

const [OWN] = PARTIES;
const NONE = Buffer.alloc(0);
const CAPACITY = 8;

/** Serial id, version, whether it is deleted. */
type Registered = readonly [serialId: number, version: number, deleted: boolean];

function someBatch(): Buffer {
  return randomBytes(BATCH_NAME_BYTES);
}

function shareOf(name: string): wire.Probe {
  return sharesOf(irisOf(name))[OWN];
}

/** @returns false when the store is away */
async function isDone(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    assert.ok(isServiceError(error) && error.code === status.ABORTED, String(error));
    return false;
  }
}

/**
 * @param makeStore where it keeps its irises; undefined: in its directory
 * @param loseConnections of a store that is reached over some
 */
function describeKilled(
  name: string,
  makeStore: () => Promise<string | undefined>,
  loseConnections?: () => Promise<void>,
): void {
  describe(`an iris service that is killed, its store in ${name}`, () => {
    let directory: string;
    let certificates: PartyCertificates;
    let service: PartyProcess;
    let session: number;

    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), 'irispair-killed-'));
      certificates = await PartyCertificates.make();
      service = await PartyProcess.start(join(directory, 'iris.sock'), {
        ...certificates.settings(OWN),
        // Nobody is there: what is kept here needs no other party.
        IRISPAIR_PARTIES: '127.0.0.1:1,127.0.0.1:2,127.0.0.1:3',
        IRISPAIR_PARTY_LISTEN: '127.0.0.1:0',
        IRISPAIR_PLACEMENT: 'off',
        IRISPAIR_HUGEPAGES: 'off',
        IRIS_STORE_INITIAL_CAPACITY: String(CAPACITY),
        IRISPAIR_STORE_MAXIMUM_CAPACITY: String(CAPACITY),
        IRISPAIR_IRIS_STORE: (await makeStore()) ?? join(directory, 'store'),
      });
      await joinAnew();
    });
    afterEach(async () => {
      await service.stop();
      await certificates.remove();
      await rm(directory, { recursive: true });
    });

    async function joinAnew(): Promise<wire.TakeJournalResponse> {
      session = (await service.join()).first.sessionId;
      return service.takeJournal(session);
    }

    async function killed(): Promise<wire.TakeJournalResponse> {
      await service.kill();
      await service.startAgain();
      return joinAnew();
    }

    async function registered(): Promise<Registered[]> {
      const messages = await service.registry();
      return messages.flatMap(({ entries }) =>
        Array.from({ length: entries.byteLength / 8 }, (_, index): Registered => [
          entries.readUInt32LE(8 * index),
          entries.readUInt16LE(8 * index + 4),
          entries.readUInt16LE(8 * index + 6) === 1,
        ]),
      );
    }

    async function prepare(
      batch: Buffer,
      changesOf: (handles: number[]) => wire.Change['kind'][],
      ...names: string[]
    ): Promise<void> {
      const handles = await service.prepareProbes(session, names.map(shareOf));
      await service.prepareChanges(session, batch, changesOf(handles));
    }

    const two = ([first, second]: number[]) => [insert(first, 1), insert(second, 2)];

    it('has what was prepared when it is back, and none of it applied', async () => {
      const [first, second] = [someBatch(), someBatch()];
      const shares = ['one', 'two'].map(shareOf);
      await service.prepareChanges(session, first, two(await service.prepareProbes(session, shares)));
      assert.deepEqual(await killed(), { applied: NONE, prepared: first });
      assert.deepEqual(await registered(), []);
      const { vectorIds, commitCount } = await service.commitPrepared(session, first);
      assert.deepEqual(vectorIds, [
        { serialId: 1, version: 0 },
        { serialId: 2, version: 0 },
      ]);
      assert.equal(commitCount, 1);
      assert.deepEqual((await service.fetch(2)).iris, shares[1]);

      await prepare(second, ([other]) => [update(other, [1, 0]), remove([2, 0])], 'other');
      assert.deepEqual(await killed(), { applied: first, prepared: second });
      assert.deepEqual(await registered(), [
        [1, 0, false],
        [2, 0, false],
      ]);
      await service.commitPrepared(session, second);
      assert.deepEqual(await killed(), { applied: second, prepared: NONE });
      assert.deepEqual(await registered(), [
        [1, 1, false],
        [2, 1, true],
      ]);
    });

    it('drops what was prepared, and has its room again', async () => {
      const batch = someBatch();
      const names = Array.from({ length: CAPACITY }, (_, index) => String(index));
      const all = (handles: number[]) => handles.map((handle, index) => insert(handle, index + 1));
      await prepare(batch, all, ...names);
      await killed();
      await service.dropPrepared(session, batch);
      assert.deepEqual(await killed(), { applied: NONE, prepared: NONE });
      const again = someBatch();
      await prepare(again, all, ...names);
      await service.dropPrepared(session, again);
      await prepare(batch, all, ...names);
      await service.commitPrepared(session, batch);
      assert.equal((await registered()).length, CAPACITY);
      const refused = await refusalOf(
        prepare(someBatch(), ([handle]) => [insert(handle, CAPACITY + 1)], 'more'),
      );
      assert.equal(status[refused.code], 'RESOURCE_EXHAUSTED');
      assert.deepEqual(await service.takeJournal(session), { applied: batch, prepared: NONE });
    });

    it('has applied all or nothing of a batch in whose commit it was killed', async () => {
      for (let serial = 1; serial <= 6; serial += 2) {
        const batch = someBatch();
        await prepare(
          batch,
          ([one, other]) => [insert(one, serial), insert(other, serial + 1)],
          'one',
          'other',
        );
        const committing = service.commitPrepared(session, batch).catch(() => undefined);
        await service.kill();
        const answer = await committing;
        await service.startAgain();
        const { applied, prepared } = await joinAnew();
        const isApplied = applied.equals(batch);
        assert.deepEqual(prepared, isApplied ? NONE : batch);
        assert.ok(isApplied || answer === undefined, 'it was acknowledged');
        assert.equal((await registered()).length, serial - 1 + (isApplied ? 2 : 0));
        if (!isApplied) await service.commitPrepared(session, batch);
      }
    });

    if (loseConnections !== undefined) {
      it('has what was prepared after its store was away', async () => {
        const batch = someBatch();
        await prepare(batch, two, 'one', 'two');
        await loseConnections();
        await until('the store takes it', () => isDone(service.commitPrepared(session, batch)));
        await loseConnections();
        const next = someBatch();
        await until('it is back', () =>
          isDone(prepare(next, ([handle]) => [update(handle, [2, 0])], 'other')),
        );
        assert.deepEqual(await killed(), { applied: batch, prepared: next });
        assert.equal((await registered()).length, 2);
      });
    }

    it('takes the word of the last session alone, also of what was sent before and is read late', async () => {
      const batch = someBatch();
      await prepare(batch, two, 'one', 'two');
      const successor = new HopClient(join(directory, 'iris.sock'));
      const next = (await successor.join()).first.sessionId;
      // From here on nobody knows in which order it reads.
      service.pause();
      const late = service.commitPrepared(session, batch).catch(() => undefined);
      const taken = successor.takeJournal(next);
      service.resume();
      const { applied, prepared } = await taken;
      const answer = await late;
      if (applied.equals(batch)) {
        assert.deepEqual(prepared, NONE);
      } else {
        assert.deepEqual([prepared, answer], [batch, undefined]);
        await successor.dropPrepared(next, batch);
      }
      const isApplied = applied.equals(batch);
      assert.equal((await registered()).length, isApplied ? 2 : 0);
      for (const call of [
        service.commitPrepared(session, batch),
        service.dropPrepared(session, batch),
        prepare(someBatch(), ([handle]) => [insert(handle, isApplied ? 3 : 1)], 'late'),
      ]) {
        const refused = await refusalOf(call);
        assert.equal(status[refused.code], 'FAILED_PRECONDITION');
        assert.match(refused.details, /another has since/);
      }
      successor.disconnect();
    });

    it('refuses what is not the prepared batch, names that are none, and commits without agreement', async () => {
      const batch = someBatch();
      await prepare(batch, two, 'one', 'two');
      const [handle] = await service.prepareProbes(session, [shareOf('other')]);
      for (const [call, code, details] of [
        [service.commitPrepared(session, someBatch()), 'FAILED_PRECONDITION', /^batch \d+ is not prepared/],
        [service.dropPrepared(session, someBatch()), 'FAILED_PRECONDITION', /^batch \d+ is not prepared/],
        [
          service.prepareChanges(session, someBatch(), [insert(handle, 1)]),
          'FAILED_PRECONDITION',
          /another batch/,
        ],
        [service.commitPrepared(session, NONE), 'INVALID_ARGUMENT', /^batch: 0 bytes, .* 24/],
        [
          service.commit([insert(handle, 1)]),
          'FAILED_PRECONDITION',
          /secret-shared mode, where changes are agreed on/,
        ],
      ] as const) {
        const refused = await refusalOf(call);
        assert.deepEqual([status[refused.code]], [code], refused.details);
        assert.match(refused.details, details);
      }
      assert.deepEqual(await killed(), { applied: NONE, prepared: batch });
    });
  });
}

describeKilled('LMDB', () => Promise.resolve(undefined));

describe('with a database', () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await TestCluster.start();
  });
  after(() => cluster.remove());

  describeKilled(
    'PostgreSQL',
    async () => cluster.url({ database: await cluster.createDatabase() }),
    async () => {
      await cluster.sql(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = $$client backend$$ AND pid <> pg_backend_pid()',
      );
    },
  );
});

it('has no journal in plain mode', async () => {
  const plain = await ServiceUnderTest.start();
  const { first } = await plain.join();
  const refused = await refusalOf(plain.takeJournal(first.sessionId));
  assert.equal(status[refused.code], 'FAILED_PRECONDITION');
  assert.match(refused.details, /plain mode/);
  await plain.stop();
});
