import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PARTIES, type PartyIndex } from '@irispair/common/parties/party';
import { Tally } from './tally.js';

const SUM = Buffer.alloc(32);

/** Puts the outcomes of all three in the order of the parties given. @returns whether the tally is complete then */
async function isComplete(order: readonly PartyIndex[], failed?: PartyIndex): Promise<boolean> {
  const tally = new Tally(7, 'decided');
  for (const party of order) {
    const failure = party === failed ? 'its disk is full' : '';
    const outcome = { batch: 7, answers: SUM, registryChecksum: SUM, graphChecksum: SUM, failure };
    assert.ok(tally.put(party, outcome));
    assert.ok(!tally.put(party, outcome), 'it spoke twice');
  }
  return Promise.race([
    tally.complete.then(() => true),
    new Promise<boolean>((resolve) => setImmediate(resolve, false)),
  ]);
}

describe('the tally of a batch', () => {
  const [first, second, third] = PARTIES;

  it('is complete when all three have spoken', async () => {
    assert.equal(await isComplete([first, second]), false);
    assert.equal(await isComplete([third, first, second]), true);
  });

  it('is never complete when one has failed, whether it spoke first or last', async () => {
    for (const failed of PARTIES) {
      for (const order of [
        [first, second, third],
        [third, second, first],
      ]) {
        assert.equal(await isComplete(order, failed), false);
      }
    }
  });
});
