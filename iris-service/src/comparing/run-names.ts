/**
 * Names of runs, each used once: the keys of a run come from its name, and masking two things with the same stream would
 * show their difference.
 *
 * A name begins with the number of a batch. Names of the last batches are remembered one by one; those of earlier ones are
 * all taken for used.
 */
import { InvalidInputError } from '@irispair/common/errors/errors';
import { batchOfRun, RUN_BATCH_BYTES, RUN_NAME_BYTES } from '@irispair/common/parties/run-name';

/** Batches go one after the other: a name of an earlier one than these comes from nobody who is in step. */
const BATCHES_REMEMBERED = 64;

/** The names used so far. */
export class RunNames {
  private readonly used = new Map<bigint, Set<string>>();
  /** Every name of a batch below this is taken for used. */
  private first = 0n;

  /**
   * Uses a name.
   * @param field its path in the request
   * @throws InvalidInputError when it is missing, of another length, or used already
   */
  use(name: Uint8Array | undefined, field: string): Buffer {
    if (name === undefined) {
      throw new InvalidInputError(
        field,
        'not set, and this service is in secret-shared mode: give the 16 bytes that the three parties call this run',
      );
    }
    if (name.byteLength !== RUN_NAME_BYTES) {
      throw new InvalidInputError(field, `${name.byteLength} bytes, expected ${RUN_NAME_BYTES}`);
    }
    const copy = Buffer.from(name);
    const batch = batchOfRun(copy);
    if (batch < this.first) {
      throw new InvalidInputError(
        field,
        `of batch ${batch}, whose names count as used since batch ${this.first + BigInt(BATCHES_REMEMBERED)}: number batches upwards`,
      );
    }
    const rest = copy.toString('latin1', RUN_BATCH_BYTES);
    const names = this.namesOf(batch);
    if (names.has(rest)) throw new InvalidInputError(field, 'used already: give every run a name of its own');
    names.add(rest);
    return copy;
  }

  private namesOf(batch: bigint): Set<string> {
    const known = this.used.get(batch);
    if (known !== undefined) return known;
    const names = new Set<string>();
    this.used.set(batch, names);
    const first = batch - BigInt(BATCHES_REMEMBERED);
    if (first > this.first) {
      this.first = first;
      for (const earlier of this.used.keys()) if (earlier < first) this.used.delete(earlier);
    }
    return names;
  }
}
