/** What every store's journal must keep in secret-shared mode. Called by the tests of each kind of store. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { ConflictError } from '@irispair/common/errors/errors';
import { BATCH_NAME_BYTES, readBatchName, type BatchName } from '@irispair/common/parties/batch-name';
import type { BatchJournal, IrisStore, StoreChange, StoreIdentity } from '../store/iris-store.js';
import { recordFormOf } from '../store/record-form.js';
import type { StorePlace } from './iris-store-contract.js';
import { changeIn, contents, type Told } from './stored-irises.js';

const IDENTITY: StoreIdentity = { mode: 'shared', party: 2, formatVersion: 1, columns: 200 };
const PLAIN: StoreIdentity = { mode: 'plain', party: null, formatVersion: 1, columns: 200 };
const FORM = recordFormOf(IDENTITY);
const change = changeIn(FORM);
const MOST_IDS = 4;

/** A place whose store can be made one of before there were journals. */
export interface JournalPlace extends StorePlace {
  /** Takes away what stores did not have then. The store is closed. */
  age(): Promise<void>;
}

/** Any name. */
export function someBatch(): BatchName {
  return readBatchName(randomBytes(BATCH_NAME_BYTES));
}

/** What a change says, in short. */
function told({ serialId, version, record }: StoreChange): Told {
  if (record !== null) {
    assert.deepEqual(Buffer.from(record), Buffer.alloc(FORM.recordBytes, record[0]), 'half a record');
  }
  return [serialId, version, record?.[0] ?? null];
}

/** Declares the contract's tests. @param makePlace a new, empty place */
export function describeBatchJournal(name: string, makePlace: () => Promise<JournalPlace>): void {
  describe(`${name}, its journal`, () => {
    let place: JournalPlace;
    let store: IrisStore;
    beforeEach(async () => {
      place = await makePlace();
      store = await place.open(IDENTITY);
    });
    afterEach(async () => {
      await store.close();
      await place.remove();
    });

    async function reopen(): Promise<void> {
      await store.close();
      store = await place.open(IDENTITY);
    }

    function journal(): BatchJournal {
      assert.ok(store.journal);
      return store.journal;
    }

    async function prepared(): Promise<Told[]> {
      return (await journal().read()).map(told);
    }

    it('is there in secret-shared mode only', async () => {
      assert.deepEqual(journal().state, {});
      const other = await makePlace();
      const plain = await other.open(PLAIN);
      assert.equal(plain.journal, undefined);
      await plain.close();
      await other.remove();
    });

    it('holds a batch beside the irises until it is applied, now and after opening again', async () => {
      const [first, second] = [someBatch(), someBatch()];
      const inserted: Told[] = [
        [1, 0, 11],
        [2, 0, 12],
      ];
      await journal().prepare(first, inserted.map(change));
      assert.deepEqual(journal().state, { prepared: first });
      assert.deepEqual([await contents(store), store.commitCount], [[], 0]);
      await reopen();
      assert.deepEqual(journal().state, { prepared: first });
      assert.deepEqual(await prepared(), inserted);
      assert.deepEqual([await contents(store), store.commitCount], [[], 0]);

      await store.commit(await journal().read(), first);
      assert.deepEqual(journal().state, { applied: first });
      assert.deepEqual([await contents(store), await prepared()], [inserted, []]);
      const changed: Told[] = [
        [1, 1, null],
        [2, 1, 22],
      ];
      await journal().prepare(second, changed.map(change));
      assert.deepEqual(journal().state, { applied: first, prepared: second });
      await reopen();
      assert.deepEqual(journal().state, { applied: first, prepared: second });
      assert.deepEqual([await contents(store), await prepared()], [inserted, changed]);
      await store.commit(await journal().read(), second);
      await reopen();
      assert.deepEqual(journal().state, { applied: second });
      assert.deepEqual([await contents(store), await prepared(), store.commitCount], [changed, [], 2]);
    });

    it('forgets a batch that is dropped, and takes the next', async () => {
      const [first, second] = [someBatch(), someBatch()];
      await journal().prepare(first, [change([1, 0, 1])]);
      await journal().drop();
      assert.deepEqual([journal().state, await prepared()], [{}, []]);
      await reopen();
      assert.deepEqual([journal().state, await prepared(), await contents(store)], [{}, [], []]);
      await journal().prepare(second, [change([1, 0, 2])]);
      assert.deepEqual(await prepared(), [[1, 0, 2]]);
    });

    it('holds one batch at most, and applies no other', async () => {
      const [first, second] = [someBatch(), someBatch()];
      await journal().prepare(first, [change([1, 0, 1])]);
      await assert.rejects(journal().prepare(second, [change([2, 0, 2])]), ConflictError);
      await assert.rejects(store.commit([change([2, 0, 2])], second), ConflictError);
      for (const again of [false, true]) {
        if (again) await reopen();
        assert.deepEqual(journal().state, { prepared: first });
        assert.deepEqual([await prepared(), await contents(store), store.commitCount], [[[1, 0, 1]], [], 0]);
      }
    });

    it('strikes a batch and applies it together, or does neither', async () => {
      const batch = someBatch();
      await journal().prepare(batch, [change([1, 0, 1])]);
      const broken = { ...change([2, 0, 2]) };
      Object.defineProperty(broken, 'record', {
        get: () => {
          throw new Error('the record is gone');
        },
      });
      await assert.rejects(store.commit([change([1, 0, 1]), broken], batch), /record is gone/);
      await assert.rejects(journal().prepare(someBatch(), [broken]));
      await reopen();
      assert.deepEqual([journal().state, await prepared()], [{ prepared: batch }, [[1, 0, 1]]]);
      assert.deepEqual([await contents(store), store.commitCount], [[], 0]);
    });

    it('is made, empty, in a store that has none', async () => {
      const irises: Told[] = [
        [1, 0, 1],
        [2, 3, null],
      ];
      await store.commit(irises.map(change));
      await store.close();
      await place.age();
      store = await place.open(IDENTITY);
      assert.deepEqual([journal().state, await prepared()], [{}, []]);
      assert.deepEqual([await contents(store), store.commitCount], [irises, 1]);
      const batch = someBatch();
      await journal().prepare(batch, [change([1, 1, 5])]);
      await store.commit(await journal().read(), batch);
      assert.deepEqual(await contents(store), [[1, 1, 5], irises[1]]);
    });

    it('holds what a model does, whatever is done in whatever order', async () => {
      const step = fc.oneof(
        fc.record({
          kind: fc.constant('prepare' as const),
          changes: fc.uniqueArray(
            fc.record({ serial: fc.integer({ min: 1, max: MOST_IDS }), fill: fc.option(fc.nat(255)) }),
            { minLength: 1, maxLength: MOST_IDS, selector: ({ serial }) => serial },
          ),
        }),
        fc.record({ kind: fc.constantFrom('commit' as const, 'drop' as const, 'reopen' as const) }),
      );
      const irises = new Map<number, Told>();
      let next = new Map<number, Told>();
      let state: { applied?: BatchName; prepared?: BatchName } = {};
      await store.commit(Array.from({ length: MOST_IDS }, (_, index) => change([index + 1, 0, index])));
      for (let serial = 1; serial <= MOST_IDS; serial++) irises.set(serial, [serial, 0, serial - 1]);
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
          for (const one of steps) {
            if (one.kind === 'reopen') await reopen();
            if (one.kind === 'prepare') {
              const batch = someBatch();
              const changes = one.changes.map(({ serial, fill }): Told => {
                const [, before = 0] = irises.get(serial) ?? [];
                return [serial, before + 1, fill];
              });
              const preparing = journal().prepare(batch, changes.map(change));
              if (state.prepared !== undefined) await assert.rejects(preparing, ConflictError);
              else {
                await preparing;
                state = { ...state, prepared: batch };
                next = new Map(changes.map((told) => [told[0], told]));
              }
            }
            if (one.kind === 'commit' && state.prepared !== undefined) {
              await store.commit(await journal().read(), state.prepared);
              state = { applied: state.prepared };
              for (const [serial, told] of next) irises.set(serial, told);
              next = new Map();
            }
            if (one.kind === 'drop' && state.prepared !== undefined) {
              await journal().drop();
              state = state.applied === undefined ? {} : { applied: state.applied };
              next = new Map();
            }
            const ascending = (all: Map<number, Told>) => [...all.values()].sort(([a], [b]) => a - b);
            assert.deepEqual(journal().state, state);
            assert.deepEqual(await prepared(), ascending(next));
            assert.deepEqual(await contents(store), ascending(irises));
          }
        }),
        { numRuns: 25, endOnFailure: true },
      );
    });
  });
}
