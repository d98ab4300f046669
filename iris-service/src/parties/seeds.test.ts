import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import { runName } from '../support/ring-under-test.js';
import { FramingError, runId } from './frame.js';
import { epochOf, PairSeeds } from './seeds.js';

const EPOCH = 256;
const NOT_YET = 'not yet';

function soon(key: Promise<Buffer>): Promise<Buffer | string> {
  return Promise.race([key, new Promise<string>((resolve) => setImmediate(resolve, NOT_YET))]);
}

/** HKDF-SHA-256 as RFC 5869 writes it, for one block. */
function hkdf(seed: Buffer, info: Buffer): Buffer {
  const extracted = createHmac('sha256', Buffer.alloc(32)).update(seed).digest();
  return createHmac('sha256', extracted)
    .update(Buffer.concat([info, Buffer.from([1])]))
    .digest()
    .subarray(0, 16);
}

describe('the seeds of a pair', () => {
  it('give keys by HKDF of the seed, the name and the step, at both ends', async () => {
    const drawn = new PairSeeds();
    const taken = new PairSeeds();
    const handed: Buffer[] = [];
    drawn.draw(0n, (payload) => handed.push(Buffer.from(payload)));
    assert.deepEqual(
      handed.map((payload) => payload.readBigUInt64LE()),
      [0n, 1n],
    );
    assert.notDeepEqual(handed[0].subarray(8), handed[1].subarray(8));
    for (const payload of handed) taken.take(Buffer.from(payload));
    for (const [batch, step] of [
      [1, 0],
      [EPOCH - 1, 3],
      [EPOCH, 0x0102_0304],
    ] as const) {
      const run = runId(runName(batch, 9), step);
      const place = Buffer.alloc(4);
      place.writeUInt32LE(step);
      const info = Buffer.concat([Buffer.from('irispair run key 1'), run.name, place]);
      const expected = hkdf(handed[Number(epochOf(run))].subarray(8), info);
      assert.deepEqual(await drawn.key(run), expected);
      assert.deepEqual(await taken.key(run), expected);
    }
  });

  it('are drawn once for each epoch, known one ahead, and forgotten', async () => {
    const seeds = new PairSeeds();
    let handed = 0;
    const hand = () => {
      handed += 1;
    };
    seeds.draw(0n, hand);
    seeds.draw(0n, hand);
    assert.equal(handed, 2);
    seeds.draw(1n, hand);
    assert.equal(handed, 3);
    const old = runId(runName(1), 0);
    const present = runId(runName(EPOCH), 0);
    seeds.forgetBefore(1n);
    assert.equal(await soon(seeds.key(old)), NOT_YET);
    assert.notEqual(await soon(seeds.key(present)), NOT_YET);
    seeds.destroy();
    assert.equal(await soon(seeds.key(present)), NOT_YET);
  });

  it('are waited for, taken once each, and few of them kept', async () => {
    const seeds = new PairSeeds();
    const payload = (epoch: number) => {
      const made = Buffer.alloc(40, epoch + 1);
      made.writeBigUInt64LE(BigInt(epoch));
      return made;
    };
    const waiting = seeds.key(runId(runName(EPOCH), 0));
    assert.equal(await soon(waiting), NOT_YET);
    const given = payload(1);
    seeds.take(given);
    assert.equal((await waiting).byteLength, 16);
    assert.deepEqual(given, Buffer.alloc(40), 'what came is overwritten');
    assert.throws(() => {
      seeds.take(payload(1));
    }, FramingError);
    for (const epoch of [2, 3, 4, 5]) seeds.take(payload(epoch));
    assert.equal(await soon(seeds.key(runId(runName(EPOCH), 0))), NOT_YET);
    assert.notEqual(await soon(seeds.key(runId(runName(2 * EPOCH), 0))), NOT_YET);
  });
});
