/**
 * What the three parties call a run of their iris services' protocols: nobody tells another, each comes to the same.
 *
 * A name is the number of the batch and a digest of what the run is for. Where the same is asked twice in one batch, the
 * times are counted: such runs are alike, so it does not matter which is which.
 */
import { createHash } from 'node:crypto';
import { RUN_BATCH_BYTES, RUN_NAME_BYTES } from '@irispair/common/parties/run-name';

/** What a run is for. */
export type RunPurpose = 'search' | 'batch mates' | 'direct' | 'link' | 'stored search' | 'upper search';

/** Names the runs of one batch. */
export interface RunNames {
  /** @param about what tells the run from others of its purpose; @returns undefined where runs need no names */
  next(purpose: RunPurpose, ...about: readonly (number | Uint8Array)[]): Buffer | undefined;
}

/** Plain mode: comparing needs nobody else. */
export const NO_RUN_NAMES: RunNames = { next: () => undefined };

/** The names of one batch. */
export class BatchRunNames implements RunNames {
  private readonly times = new Map<string, number>();

  /**
   * @param batch its number
   * @param nonce of the term
   */
  constructor(
    private readonly batch: number,
    private readonly nonce: Uint8Array,
  ) {}

  next(purpose: RunPurpose, ...about: readonly (number | Uint8Array)[]): Buffer {
    const subject = createHash('sha256').update(this.nonce).update(purpose);
    for (const part of about) subject.update(typeof part === 'number' ? `/${part}` : part);
    const key = subject.digest('hex');
    const before = this.times.get(key) ?? 0;
    this.times.set(key, before + 1);
    const name = Buffer.alloc(RUN_NAME_BYTES);
    name.writeBigUInt64LE(BigInt(this.batch));
    createHash('sha256')
      .update(`${key}/${before}`)
      .digest()
      .copy(name, RUN_BATCH_BYTES, 0, RUN_NAME_BYTES - RUN_BATCH_BYTES);
    return name;
  }
}
