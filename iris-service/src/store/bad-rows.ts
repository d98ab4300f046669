/**
 * What is done about rows of the table `irises` that hold no iris: the table is refused by row and column; or such ids
 * are skipped, which is logged, and count as deleted.
 */
import { MisconfiguredError } from '@irispair/common/errors/errors';
import type { Logger } from '@irispair/common/log/logger';
import type { RecordForm } from './record-form.js';

const HIGHEST_SERIAL_ID = 0xffff_ffff;
/** Each takes memory: a table with more holes than this is none of serial ids. */
const MOST_MISSING = 1_000_000;

/** A row with four empty columns, and nothing that says it was deleted. */
export function unlistedDeletion({ columnBytes: [codeBytes] }: RecordForm): string {
  return `left_code has 0 bytes, expected ${codeBytes}, and the id is not in irispair.deletions`;
}

/** The rule for one table. */
export class BadRows {
  constructor(
    /** How messages call the database. */
    private readonly place: string,
    private readonly rule: 'refuse' | 'skip',
    private readonly logger: Logger,
  ) {}

  /** @throws MisconfiguredError for ids that no serial id can be; no rule skips these */
  checkIds(lowest: number, highest: number): void {
    if (lowest < 1) throw this.refusal(`row ${lowest}: id is below 1: number the rows from 1`);
    if (highest > HIGHEST_SERIAL_ID) {
      throw this.refusal(`row ${highest}: id is above ${HIGHEST_SERIAL_ID}: number the rows from 1`);
    }
  }

  /**
   * Ids that no row has.
   * @param gap where the first of them are
   * @throws MisconfiguredError unless gaps are skipped; also when that would be too many
   */
  checkMissing(missing: number, gap: { readonly first: number; readonly last: number }): void {
    if (this.rule === 'refuse') this.refuse(describeGap(gap.first, gap.last));
    if (missing > MOST_MISSING) {
      throw this.refusal(
        `${missing} ids are missing, the first from ${gap.first} to ${gap.last}, at most ${MOST_MISSING} can be left ` +
          'out: number the rows from 1',
      );
    }
  }

  /** A row that holds no iris. @throws MisconfiguredError unless such rows are skipped */
  row(serialId: number, problem: string): void {
    if (this.rule === 'refuse') this.refuse(`row ${serialId}: ${problem}`);
    this.logger.warn({ serialId, problem }, 'a bad row of the table irises is skipped');
  }

  /** No rows from the first id to the last one. @throws MisconfiguredError unless gaps are skipped */
  gap(first: number, last: number): void {
    if (this.rule === 'refuse') this.refuse(describeGap(first, last));
    this.logger.warn({ first, last }, 'ids are missing in the table irises and count as deleted');
  }

  private refuse(problem: string): never {
    throw this.refusal(
      `${problem}: correct it, or leave such rows out with IRISPAIR_SKIP_BAD_ROWS=1 or --skip-bad-rows`,
    );
  }

  private refusal(problem: string): MisconfiguredError {
    return new MisconfiguredError(`the table irises of ${this.place}: ${problem}`);
  }
}

function describeGap(first: number, last: number): string {
  const gap = first === last ? `no row has id ${first}` : `no rows have ids ${first} to ${last}`;
  return `${gap}, ids must follow each other from 1`;
}
