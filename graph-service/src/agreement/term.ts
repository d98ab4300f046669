/** One time that the three parties work together: from all having joined to the first thing that goes wrong. */
import { randomBytes } from 'node:crypto';
import { ConflictError, UnavailableError } from '@irispair/common/errors/errors';
import { TERM_NONCE_BYTES } from '@irispair/common/parties/batch-name';

/** Why a term is over, and whether the parties differ. */
export type TermEnd = UnavailableError | ConflictError;

/** Whether an error says why a term is over. */
export function isTermEnd(error: unknown): error is TermEnd {
  return error instanceof UnavailableError || error instanceof ConflictError;
}

/** A term. */
export class Term {
  readonly nonce = randomBytes(TERM_NONCE_BYTES);
  private ended: TermEnd | undefined;
  private readonly over: Promise<never>;
  private reject: (error: TermEnd) => void = () => undefined;

  constructor() {
    this.over = new Promise((_, reject) => {
      this.reject = reject;
    });
    // While nobody waits for anything, nobody minds either.
    this.over.catch(() => undefined);
  }

  get isOver(): boolean {
    return this.ended !== undefined;
  }

  /** Why it is over. */
  get reason(): TermEnd | undefined {
    return this.ended;
  }

  /** Ends it; the first reason counts. */
  end(reason: TermEnd): void {
    if (this.ended !== undefined) return;
    this.ended = reason;
    this.reject(reason);
  }

  /** Calls when it ends. */
  whenOver(call: () => void): void {
    this.over.catch(call);
  }

  /** Waits while the term lasts. @throws what ended it */
  until<Result>(work: Promise<Result>): Promise<Result> {
    return Promise.race([this.over, work]);
  }
}
