/** What parties settle on, whoever crashed wherever, and crashes again while they settle. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { nameBatch, TERM_NONCE_BYTES } from '@irispair/common/parties/batch-name';
import { Fate } from '@irispair/proto/agreement';
import { readSettlement, settlements } from './settlement.js';

const NONE = '';

/** A party's store: names of batches. */
interface Store {
  readonly applied: string[];
  prepared: string;
}

function settlementsOf(stores: readonly Store[]) {
  return settlements(
    stores.map(({ applied, prepared }) => ({
      appliedBatch: Buffer.from(applied.at(-1) ?? NONE, 'hex'),
      preparedBatch: Buffer.from(prepared, 'hex'),
    })),
  );
}

/** Those of the parties that come to it settle. */
function settle(stores: readonly Store[], comes: readonly boolean[]): void {
  settlementsOf(stores).forEach((settlement, party) => {
    if (settlement === undefined || !comes[party]) return;
    const { batch, isApplied } = readSettlement(settlement);
    const store = stores[party];
    assert.equal(store.prepared, batch);
    if (isApplied) store.applied.push(batch);
    store.prepared = NONE;
  });
}

describe('the settlement of what was left prepared', () => {
  it('leaves all parties with a batch that one had applied, and none with one that none had', () => {
    const ofThree = fc.tuple(fc.boolean(), fc.boolean(), fc.boolean());
    const batch = fc.record({
      prepared: ofThree,
      applied: ofThree,
      settled: fc.array(ofThree, { maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.array(batch, { maxLength: 5 }), (batches) => {
        const stores = [0, 1, 2].map((): Store => ({ applied: [], prepared: NONE }));
        const expected: string[] = [];
        batches.forEach(({ prepared, applied, settled }, index) => {
          const name = nameBatch(index + 1, Buffer.alloc(TERM_NONCE_BYTES, index));
          const mayApply = prepared.every((is) => is);
          stores.forEach((store, party) => {
            const isApplied = mayApply && applied[party];
            store.prepared = prepared[party] && !isApplied ? name : NONE;
            if (isApplied) store.applied.push(name);
          });
          if (mayApply && applied.some((is) => is)) expected.push(name);
          for (const comes of settled) settle(stores, comes);
          settle(stores, [true, true, true]);
          for (const store of stores) assert.deepEqual(store, { applied: expected, prepared: NONE });
          assert.deepEqual(settlementsOf(stores), [undefined, undefined, undefined]);
        });
      }),
    );
  });

  it('is not read from a message that does not say it', () => {
    const batch = Buffer.alloc(24, 7);
    assert.throws(() => readSettlement({ batch, fate: Fate.UNSPECIFIED }), /settle\.fate: not set/);
    assert.throws(
      () => readSettlement({ batch: batch.subarray(1), fate: Fate.DROP }),
      /settle\.batch: 23 bytes/,
    );
  });
});
