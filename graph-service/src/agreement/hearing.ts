/**
 * The leader's hearing of all three parties on a term's batches.
 *
 * 1. Number a batch and have the followers do it.
 * 2. Hear what all three would store and answer. When it is the same, have them store it; when nothing changes, it is settled.
 * 3. Hear what all three hold then. When it is the same, it is settled.
 * Whoever fails, differs or keeps silent for too long ends the term, and no party answers the batch as decided.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ConflictError, UnavailableError } from '@irispair/common/errors/errors';
import type { PartyIndex } from '@irispair/common/parties/party';
import type { Batch, JoinResponse, Outcome } from '@irispair/proto/agreement';
import type { Logger } from '@irispair/common/log/logger';
import type { TermBatch, Council } from './party-batches.js';
import { Tally, type Stage } from './tally.js';
import type { Term, TermEnd } from './term.js';
import { LEADER } from './wire.js';

/** A party that says nothing of a batch for so long is given up. */
const OUTCOME_MILLISECONDS = 150_000;

/** Tells all followers. */
export type Broadcast = (kind: NonNullable<JoinResponse['kind']>) => void;

/** One term's. */
export class Hearing implements Council {
  private tally: Tally | undefined;

  /** @param number of the term's last batch before the first */
  constructor(
    private readonly term: Term,
    private number: number,
    private readonly broadcast: Broadcast,
    private readonly logger: Logger,
  ) {}

  /** Has the followers begin the next batch. */
  begin(work: Batch['work'], stage: Stage): TermBatch {
    this.number += 1;
    this.tally = new Tally(this.number, stage);
    this.broadcast({ $case: 'batch', value: { number: this.number, work } });
    return { number: this.number, nonce: this.term.nonce };
  }

  async decided(outcome: Outcome, changes: boolean): Promise<void> {
    const { batch } = outcome;
    await this.hear(outcome, 'decided');
    if (!changes) {
      this.broadcast({ $case: 'settled', value: { batch, failure: '' } });
      return;
    }
    this.tally = new Tally(batch, 'stored');
    this.broadcast({ $case: 'store', value: { batch } });
  }

  async stored(outcome: Outcome): Promise<void> {
    await this.hear(outcome, 'stored');
    this.broadcast({ $case: 'settled', value: { batch: outcome.batch, failure: '' } });
  }

  /**
   * Notes what a party came to. One that failed is not waited for: the others may wait for it in their comparing.
   * @returns false when the party has no say in this now
   */
  note(party: PartyIndex, outcome: Outcome, stage: Stage): boolean {
    if (this.tally?.stage !== stage || !this.tally.put(party, outcome)) return false;
    if (outcome.failure !== '')
      this.giveUp(outcome.batch, new UnavailableError(`party ${party}: ${outcome.failure}`));
    return true;
  }

  /** Hears all three. @throws UnavailableError when they do not go on; the term is over then */
  private async hear(own: Outcome, stage: Stage): Promise<void> {
    const { tally, term } = this;
    const { batch } = own;
    if (tally === undefined || !this.note(LEADER, own, stage)) {
      throw new Error(`batch ${batch} is not ${stage} now`);
    }
    const patience = new AbortController();
    const tooLong = sleep(OUTCOME_MILLISECONDS, undefined, { signal: patience.signal }).then(() => {
      this.giveUp(batch, new UnavailableError(`a party said nothing of batch ${batch} for too long`));
    });
    // Ended by the patience, when all is well.
    tooLong.catch(() => undefined);
    try {
      await term.until(tally.complete);
    } finally {
      patience.abort();
    }
    const { difference } = tally;
    if (difference === undefined) return;
    this.giveUp(batch, new ConflictError(difference));
    throw new UnavailableError(difference);
  }

  /** Has no party answer a batch as decided. */
  private giveUp(batch: number, reason: TermEnd): void {
    if (this.term.isOver) return;
    this.logger.error({ batch, reason: reason.message }, 'a batch failed');
    this.broadcast({ $case: 'settled', value: { batch, failure: reason.message } });
    this.term.end(reason);
  }
}
