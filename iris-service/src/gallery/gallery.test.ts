import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import {
  ConflictError,
  ExhaustedError,
  InvalidInputError,
  NotFoundError,
} from '@irispair/common/errors/errors';
import { serialId, version, type VectorId } from '@irispair/common/ids/vector-id';
import { Registry } from 'prom-client';
import { createLogger } from '@irispair/common/log/logger';
import { createEngine } from '@irispair/native/engine';
import type { IrisEngine } from '@irispair/native/engine-types';
import { encodeRecord, packProbes } from '@irispair/native/records';
import { LmdbIrisStore } from '../store/lmdb-iris-store.js';
import { SMALL_ENGINE } from '../support/engine.js';
import { irisOf } from '../support/irises.js';
import { LoadProgress } from '../telemetry/load-progress.js';
import { Gallery, type WantedChange } from './gallery.js';

const IDENTITY = { mode: 'plain', party: null, formatVersion: 1, columns: 200 } as const;
const CAPACITY = SMALL_ENGINE.arena.maximumCapacity;

function silentProgress(): LoadProgress {
  return new LoadProgress(new Registry(), createLogger('iris', 'silent'));
}

describe('the gallery', () => {
  let directory: string;
  let store: LmdbIrisStore;
  let engine: IrisEngine;
  let gallery: Gallery;

  async function open(): Promise<void> {
    store = await LmdbIrisStore.open(directory, IDENTITY);
    engine = createEngine(SMALL_ENGINE);
    gallery = new Gallery(engine, store);
    await gallery.load(silentProgress());
  }
  async function close(): Promise<void> {
    await engine.close();
    await store.close();
  }
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'irispair-gallery-'));
    await open();
  });
  afterEach(async () => {
    await close();
    await rm(directory, { recursive: true });
  });

  async function prepare(name: string): Promise<number> {
    const [handle] = await engine.prepareQueries(packProbes([irisOf(name)]));
    return handle;
  }
  async function insertOf(name: string, serial: number): Promise<WantedChange> {
    return { kind: 'insert', query: await prepare(name), serialId: serial };
  }
  async function enrol(...names: string[]): Promise<VectorId[]> {
    const first = gallery.highest + 1;
    return gallery.commit(await Promise.all(names.map((name, index) => insertOf(name, first + index))));
  }
  function idOf(serial: number, count: number): VectorId {
    return { serialId: serialId(serial), version: version(count) };
  }
  /** What memory says, checked against the store. */
  function told(): string[] {
    const stored = new Map(
      Array.from(store.load(), ({ id, record }) => [
        id.serialId as number,
        { id, record: record && Buffer.from(record) },
      ]),
    );
    const entries = [...gallery.entries(1)];
    assert.equal(stored.size, entries.length, 'memory and store hold different ids');
    return entries.map(({ id, deleted }) => {
      const kept = stored.get(id.serialId);
      assert.deepEqual(kept?.id, id);
      assert.deepEqual(kept.record, deleted ? null : gallery.read(id.serialId).record);
      return `${id.serialId}.${id.version}${deleted ? ' deleted' : ''}`;
    });
  }

  it('inserts, replaces and deletes, in memory and in the store alike, and loads the same again', async () => {
    await enrol('a', 'b', 'c');
    await gallery.commit([
      { kind: 'update', query: await prepare('b2'), expected: idOf(2, 0) },
      { kind: 'delete', expected: idOf(3, 0) },
      await insertOf('d', 4),
    ]);
    const expected = ['1.0', '2.1', '3.1 deleted', '4.0'];
    assert.deepEqual(told(), expected);
    assert.deepEqual(gallery.read(serialId(2)).record, encodeRecord(irisOf('b2'), 200));
    assert.throws(() => gallery.read(serialId(3)), /serial id 3 was deleted/);
    assert.throws(() => gallery.read(serialId(5)), /serial id 5 is unknown/);
    assert.deepEqual([gallery.highest, gallery.live, gallery.commitCount], [4, 3, 2]);
    await close();
    await open();
    assert.deepEqual(told(), expected);
    assert.deepEqual([gallery.highest, gallery.live, gallery.commitCount], [4, 3, 2]);
  });

  it('changes nothing when one change of a commit is refused', async () => {
    await enrol('a', 'b');
    await gallery.commit([{ kind: 'delete', expected: idOf(2, 0) }]);
    const good = await insertOf('c', 3);
    const handle = await prepare('x');
    const released = await prepare('y');
    engine.releaseQueries([released]);
    const refused: [WantedChange, new (...args: never[]) => Error, RegExp][] = [
      [await insertOf('d', 5), ConflictError, /the next serial id is 4, not 5/],
      [await insertOf('d', 3), InvalidInputError, /^changes\[1\]: serial id 3 is changed twice/],
      [{ kind: 'update', query: handle, expected: idOf(1, 1) }, ConflictError, /has version 0, not 1/],
      [
        { kind: 'update', query: released, expected: idOf(1, 0) },
        NotFoundError,
        /^changes\[1\]\.query_handle/,
      ],
      [{ kind: 'insert', query: released, serialId: 4 }, NotFoundError, /was released or has expired/],
      [{ kind: 'delete', expected: idOf(2, 1) }, NotFoundError, /serial id 2 was deleted/],
      [{ kind: 'delete', expected: idOf(9, 0) }, NotFoundError, /serial id 9 is unknown/],
    ];
    for (const [change, kind, message] of refused) {
      await assert.rejects(gallery.commit([good, change]), (error) => {
        assert.ok(error instanceof kind);
        assert.match(error.message, message);
        return true;
      });
      assert.deepEqual(told(), ['1.0', '2.1 deleted']);
      assert.equal(gallery.commitCount, 2);
    }
    await gallery.commit([good]);
    assert.deepEqual(told(), ['1.0', '2.1 deleted', '3.0']);
  });

  it('commits in the order of asking, and together what does not build on what is not stored yet', async () => {
    const changes = await Promise.all(
      Array.from({ length: 20 }, (_, index) => insertOf(`person ${index}`, index + 1)),
    );
    const query = await prepare('again');
    const order: string[] = [];
    const note = (ids: VectorId[]) => {
      order.push(...ids.map((id) => `${id.serialId}.${id.version}`));
    };
    await Promise.all([
      ...changes.map((change) => gallery.commit([change]).then(note)),
      gallery.commit([{ kind: 'update', query, expected: idOf(20, 0) }]).then(note),
      assert.rejects(gallery.commit([{ kind: 'update', query, expected: idOf(20, 0) }]), ConflictError),
      gallery.commit([{ kind: 'update', query, expected: idOf(20, 1) }]).then(note),
    ]);
    const inserted = changes.map((_, index) => `${index + 1}.0`);
    assert.deepEqual(order, [...inserted, '20.1', '20.2']);
    assert.equal(told()[19], '20.2');
    assert.equal(gallery.commitCount, 3);
  });

  it('publishes what it stored though the query is released meanwhile', async () => {
    const change = await insertOf('a', 1);
    const committed = gallery.commit([change]);
    // The commit has read the query by then and waits for the disk.
    await Promise.resolve();
    await Promise.resolve();
    if (change.kind === 'insert') engine.releaseQueries([change.query]);
    assert.deepEqual(await committed, [idOf(1, 0)]);
    assert.deepEqual(told(), ['1.0']);
  });

  it('refuses a commit that does not fit with nothing stored, and takes one that does', async () => {
    await enrol(...Array.from({ length: CAPACITY - 1 }, (_, index) => `person ${index}`));
    const before = told();
    await assert.rejects(enrol('one', 'too many'), (error) => {
      assert.ok(error instanceof ExhaustedError);
      assert.match(error.message, /nothing was stored/);
      return true;
    });
    assert.deepEqual(told(), before);
    assert.equal(gallery.commitCount, 1);
    await enrol('the last');
    await assert.rejects(enrol('another'), ExhaustedError);
    await gallery.commit([{ kind: 'delete', expected: idOf(1, 0) }]);
    await enrol('in the place of the deleted');
    assert.equal(gallery.live, CAPACITY);
    assert.equal(told().length, CAPACITY + 1);
  });

  it('refuses of the commits that do not fit together only those that do not fit', async () => {
    await enrol(...Array.from({ length: CAPACITY - 1 }, (_, index) => `person ${index}`));
    const [first, second] = [await insertOf('fits', CAPACITY), await insertOf('does not fit', CAPACITY + 1)];
    const settled = await Promise.allSettled([
      gallery.commit([first]),
      gallery.commit([second]),
      gallery.commit([{ kind: 'delete', expected: idOf(1, 0) }]),
    ]);
    assert.deepEqual(settled[0], { status: 'fulfilled', value: [idOf(CAPACITY, 0)] });
    assert.ok(settled[1].status === 'rejected' && settled[1].reason instanceof ExhaustedError);
    assert.deepEqual(settled[2], { status: 'fulfilled', value: [idOf(1, 1)] });
    assert.equal(told().length, CAPACITY);
    await gallery.commit([second]);
  });

  it('gives slots back that the store did not take', async () => {
    await enrol(...Array.from({ length: CAPACITY - 1 }, (_, index) => `person ${index}`));
    const query = await prepare('last');
    await store.close();
    await assert.rejects(gallery.commit([{ kind: 'insert', query, serialId: CAPACITY }]));
    // Had the slot stayed reserved, this would find none.
    await engine.reserve(1);
    store = await LmdbIrisStore.open(directory, IDENTITY);
  });

  it('refuses to load more than fits', async () => {
    await enrol(...Array.from({ length: CAPACITY }, (_, index) => `person ${index}`));
    const small = createEngine({
      ...SMALL_ENGINE,
      arena: { ...SMALL_ENGINE.arena, initialCapacity: 4, maximumCapacity: 4 },
    });
    await assert.rejects(new Gallery(small, store).load(silentProgress()), ExhaustedError);
    await small.close();
  });
});
