/** What every IrisStore must keep. Called by the tests of each kind of store. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { MisconfiguredError } from '@irispair/common/errors/errors';
import { serialId } from '@irispair/common/ids/vector-id';
import { COLUMNS, DEFAULT_COLUMNS } from '@irispair/common/iris/shape';
import type { IrisStore, StoreIdentity, WantedIdentity } from '../store/iris-store.js';
import { recordFormOf } from '../store/record-form.js';
import { changeIn, contents, type Told } from './stored-irises.js';

/** A place for one store: a directory, a schema. */
export interface StorePlace {
  open(identity: WantedIdentity): Promise<IrisStore>;
  remove(): Promise<void>;
}

const IDENTITIES: readonly StoreIdentity[] = [
  { mode: 'plain', party: null, formatVersion: 1, columns: 200 },
  { mode: 'shared', party: 1, formatVersion: 1, columns: 200 },
];
const MOST_IDS = 12;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Declares the contract's tests, in either mode. @param makePlace a new, empty place */
export function describeIrisStore(name: string, makePlace: () => Promise<StorePlace>): void {
  for (const identity of IDENTITIES) describeIn(identity, `${name}, mode ${identity.mode}`, makePlace);
  describeShapes(name, makePlace);
}

function describeShapes(name: string, makePlace: () => Promise<StorePlace>): void {
  describe(`${name}, of each shape`, () => {
    for (const columns of COLUMNS.slice(0, 1)) {
      it(`says that it holds codes of ${columns} columns to whoever leaves it open, and refuses the other shape`, async () => {
        const place = await makePlace();
        try {
          const undecided = { ...IDENTITIES[0], columns: undefined };
          const wanted = columns === DEFAULT_COLUMNS ? undecided : { ...undecided, columns };
          await (await place.open(wanted)).close();
          const store = await place.open(undecided);
          const identity: StoreIdentity = { ...undecided, columns };
          assert.deepEqual(store.identity, identity);
          const change = changeIn(recordFormOf(identity));
          await store.commit([change([1, 0, 7])]);
          assert.deepEqual(await contents(store), [[1, 0, 7]]);
          await store.close();
          const [other] = COLUMNS.filter((one) => one !== columns);
          await assert.rejects(place.open({ ...undecided, columns: other }), (error) => {
            assert.ok(error instanceof MisconfiguredError);
            assert.match(
              error.message,
              new RegExp(
                `holds codes of ${columns} columns, this service is configured for ${other}: leave IRISPAIR_COLUMNS`,
              ),
            );
            return true;
          });
        } finally {
          await place.remove();
        }
      });
    }
  });
}

function describeIn(identity: StoreIdentity, name: string, makePlace: () => Promise<StorePlace>): void {
  const change = changeIn(recordFormOf(identity));
  describe(name, () => {
    let place: StorePlace;
    let store: IrisStore;
    beforeEach(async () => {
      place = await makePlace();
      store = await place.open(identity);
    });
    afterEach(async () => {
      await store.close();
      await place.remove();
    });

    async function reopen(): Promise<void> {
      await store.close();
      store = await place.open(identity);
    }

    it('is empty when new', async () => {
      assert.deepEqual(await contents(store), []);
      assert.equal(store.commitCount, 0);
      await reopen();
      assert.equal(store.commitCount, 0);
    });

    it('has an identity of its own, which it keeps', async () => {
      const { storeId } = store;
      assert.match(storeId, UUID);
      await store.commit([change([1, 0, 1])]);
      assert.equal(store.storeId, storeId);
      await reopen();
      assert.equal(store.storeId, storeId);
      const other = await makePlace();
      const stranger = await other.open(identity);
      assert.match(stranger.storeId, UUID);
      assert.notEqual(stranger.storeId, storeId);
      await stranger.close();
      await other.remove();
    });

    it('gives back what was inserted, updated and deleted, ascending, now and after opening again', async () => {
      const inserted = Array.from({ length: 300 }, (_, index): Told => [index + 1, 0, index & 0xff]);
      const [early, late] = [inserted.slice(0, 150), inserted.slice(150)];
      await store.commit(late.toReversed().map(change));
      await store.commit(early.map(change));
      await store.commit([change([2, 1, 22]), change([300, 1, null])]);
      const expected = inserted.with(1, [2, 1, 22]).with(299, [300, 1, null]);
      assert.deepEqual(await contents(store), expected);
      assert.equal(store.commitCount, 3);
      await reopen();
      assert.deepEqual(await contents(store), expected);
      assert.equal(store.commitCount, 3);
    });

    it('takes all changes of a commit or none', async () => {
      await store.commit([change([1, 0, 1])]);
      const broken = { ...change([3, 0, 3]), serialId: serialId(3), record: Buffer.alloc(0) };
      // A record that cannot be read fails in the middle of the commit.
      Object.defineProperty(broken, 'record', {
        get: () => {
          throw new Error('the record is gone');
        },
      });
      await assert.rejects(store.commit([change([1, 1, 11]), change([2, 0, 2]), broken]), /record is gone/);
      assert.deepEqual(await contents(store), [[1, 0, 1]]);
      assert.equal(store.commitCount, 1);
      await store.commit([change([2, 0, 2])]);
      await reopen();
      assert.deepEqual(await contents(store), [
        [1, 0, 1],
        [2, 0, 2],
      ]);
      assert.equal(store.commitCount, 2);
    });

    it('holds what a map of the last changes holds, whatever is committed together', async () => {
      const oneChange = fc.record({
        serial: fc.integer({ min: 1, max: MOST_IDS }),
        fill: fc.option(fc.integer({ min: 0, max: 255 })),
      });
      const oneCommit = fc.uniqueArray(oneChange, {
        minLength: 1,
        maxLength: 6,
        selector: (one) => one.serial,
      });
      const first = Array.from({ length: MOST_IDS }, (_, index): Told => [index + 1, 0, index]);
      await store.commit(first.map(change));
      const reference = new Map(first.map((told) => [told[0], told]));
      await fc.assert(
        fc.asyncProperty(oneCommit, async (together) => {
          const changes = together.map(({ serial, fill }): Told => {
            const [, before = 0] = reference.get(serial) ?? [];
            return [serial, before + 1, fill];
          });
          await store.commit(changes.map(change));
          for (const told of changes) reference.set(told[0], told);
          assert.deepEqual(
            await contents(store),
            [...reference.values()].sort(([a], [b]) => a - b),
          );
        }),
        { numRuns: 40, endOnFailure: true },
      );
      const before = await contents(store);
      await reopen();
      assert.deepEqual(await contents(store), before);
    });

    it('is refused by name to a service that is configured otherwise, and opens afterwards', async () => {
      await store.commit([change([1, 0, 1])]);
      await store.close();
      const { mode, party } = identity;
      const otherMode = mode === 'plain' ? 'shared' : 'plain';
      const others: [Partial<StoreIdentity>, RegExp][] = [
        [{ mode: otherMode }, new RegExp(`holds mode ${mode}, this service is configured for ${otherMode}`)],
        [{ party: 2 }, new RegExp(`holds party ${party}, this service is configured for 2`)],
        [{ formatVersion: 2 }, /holds formatVersion 1, this service is configured for 2/],
      ];
      for (const [other, message] of others) {
        await assert.rejects(place.open({ ...identity, ...other }), (error) => {
          assert.ok(error instanceof MisconfiguredError);
          assert.match(error.message, message);
          return true;
        });
      }
      store = await place.open(identity);
      assert.deepEqual(await contents(store), [[1, 0, 1]]);
    });

    it('has one owner', async () => {
      await assert.rejects(place.open(identity), (error) => {
        assert.ok(error instanceof MisconfiguredError);
        assert.match(error.message, /is in use by another service/);
        return true;
      });
      await store.commit([change([1, 0, 1])]);
      assert.deepEqual(await contents(store), [[1, 0, 1]]);
    });
  });
}
