/**
 * Seeds: what the keys of runs are made of, for one pair of neighbouring parties.
 *
 * The party before its next draws 32 bytes for each epoch from the operating system's randomness and hands them over the
 * link. An epoch is a fixed count of batches. Seeds of the next epoch are there before it begins; those before the last
 * one are overwritten. A seed lives as long as its connection at most.
 */
import { hkdfSync, randomBytes } from 'node:crypto';
import { batchOfRun } from '@irispair/common/parties/run-name';
import { FramingError, SEED_PAYLOAD_BYTES, type RunId } from './frame.js';

/** Batches that share a seed. */
const BATCHES_AN_EPOCH = 256n;
const EPOCH_BYTES = 8;
const SEED_BYTES = 32;
/** Bytes of one key of a run. */
export const RUN_KEY_BYTES = 16;
/** The last epoch, this one, the next, and one more of a neighbour that is ahead. */
const MOST_EPOCHS = 4;

const NO_SALT = Buffer.alloc(0);
const PURPOSE = Buffer.from('irispair run key 1');

/** The epoch of a run: that of its batch. */
export function epochOf({ name }: RunId): bigint {
  return batchOfRun(name) / BATCHES_AN_EPOCH;
}

/** Seeds of one pair on one connection. */
export class PairSeeds {
  private readonly seeds = new Map<bigint, Buffer>();
  private readonly waiting = new Map<bigint, ((seed: Buffer) => void)[]>();

  /** Draws seeds for an epoch and the next where there are none. @param hand hands what was drawn to the other party */
  draw(epoch: bigint, hand: (payload: Buffer) => void): void {
    for (const one of [epoch, epoch + 1n]) {
      if (this.seeds.has(one)) continue;
      const seed = randomBytes(SEED_BYTES);
      const payload = Buffer.alloc(SEED_PAYLOAD_BYTES);
      payload.writeBigUInt64LE(one, 0);
      seed.copy(payload, EPOCH_BYTES);
      this.keep(one, seed);
      hand(payload);
    }
  }

  /** Takes a seed that the other party drew. @throws FramingError when it gave one for this epoch before */
  take(payload: Buffer): void {
    const epoch = payload.readBigUInt64LE(0);
    if (this.seeds.has(epoch)) throw new FramingError(`a second seed of epoch ${epoch}`);
    const seed = Buffer.from(payload.subarray(EPOCH_BYTES));
    payload.fill(0);
    this.keep(epoch, seed);
  }

  /** The key of a run, as soon as the seed of its epoch is there. */
  key(run: RunId): Promise<Buffer> {
    const epoch = epochOf(run);
    const seed = this.seeds.get(epoch);
    if (seed !== undefined) return Promise.resolve(keyOf(seed, run));
    return new Promise((resolve) => {
      const then = (arrived: Buffer) => {
        resolve(keyOf(arrived, run));
      };
      this.waiting.set(epoch, [...(this.waiting.get(epoch) ?? []), then]);
    });
  }

  /** Overwrites the seeds of all epochs before this one. */
  forgetBefore(epoch: bigint): void {
    for (const one of this.seeds.keys()) if (one < epoch) this.forget(one);
  }

  /** Overwrites all. */
  destroy(): void {
    for (const epoch of this.seeds.keys()) this.forget(epoch);
    this.waiting.clear();
  }

  private keep(epoch: bigint, seed: Buffer): void {
    this.seeds.set(epoch, seed);
    for (const then of this.waiting.get(epoch) ?? []) then(seed);
    this.waiting.delete(epoch);
    if (this.seeds.size > MOST_EPOCHS) {
      this.forget([...this.seeds.keys()].reduce((least, one) => (one < least ? one : least)));
    }
  }

  private forget(epoch: bigint): void {
    this.seeds.get(epoch)?.fill(0);
    this.seeds.delete(epoch);
  }
}

function keyOf(seed: Buffer, { name, step }: RunId): Buffer {
  const place = Buffer.alloc(4);
  place.writeUInt32LE(step);
  return Buffer.from(hkdfSync('sha256', seed, NO_SALT, Buffer.concat([PURPOSE, name, place]), RUN_KEY_BYTES));
}
