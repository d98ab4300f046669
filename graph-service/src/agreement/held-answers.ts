/**
 * The answers of an agreed batch, held back until all three parties came to the same.
 *
 * Once a batch is agreed nothing may depend on a caller's patience: it is decided as if everybody waited for ever.
 */
import { createHash } from 'node:crypto';
import { messageOf } from '@irispair/common/errors/message';
import { NotFoundError } from '@irispair/common/errors/errors';
import type { Outcome } from '../batch/decide-batch.js';
import type { Answer, Patience, Pending } from '../batch/request.js';

type Held =
  | { readonly answer: Answer; readonly error?: undefined }
  | { readonly answer?: undefined; readonly error: unknown };

const FOR_EVER = new AbortController().signal;

/** One batch's. */
export class HeldAnswers {
  /** To be decided instead of those that wait. */
  readonly batch: readonly Pending[];
  private readonly held: (Held | undefined)[];

  constructor(private readonly waiting: readonly Pending[]) {
    this.held = waiting.map(() => undefined);
    this.batch = waiting.map((pending, place) => ({
      ...pending,
      patience: endless(pending.patience),
      resolve: (answer) => {
        this.held[place] ??= { answer };
      },
      reject: (error) => {
        this.held[place] ??= { error };
      },
    }));
  }

  /** Why it went wrong here, if it did so in a way that the other parties may not share. */
  get failure(): string | undefined {
    for (const held of this.held) {
      if (held?.error === undefined || held.error instanceof NotFoundError) continue;
      return messageOf(held.error);
    }
    return undefined;
  }

  /** SHA-256 of what is decided so far: refusals, and outcomes with what they would store and link. */
  digest(outcomes: readonly Outcome[]): Buffer {
    const lines = this.held.map((held) => (held === undefined ? '' : describe(held)));
    for (const outcome of outcomes) lines[this.placeOf(outcome.pending)] = describeOutcome(outcome);
    return createHash('sha256').update(lines.join('\n')).digest();
  }

  /** Answers everybody as decided. */
  release(): void {
    this.waiting.forEach((pending, place) => {
      const held = this.held[place];
      if (held === undefined) pending.reject(new Error('a request of the batch was not decided'));
      else if (held.answer !== undefined) pending.resolve(held.answer);
      else pending.reject(held.error);
    });
  }

  /** Answers nobody as decided. */
  fail(error: Error): void {
    for (const pending of this.waiting) pending.reject(error);
  }

  private placeOf(pending: Pending): number {
    return this.waiting.findIndex(({ ask }) => ask === pending.ask);
  }
}

function endless({ trace, requestId }: Patience): Patience {
  return { deadline: Infinity, signal: FOR_EVER, trace, ...(requestId === undefined ? {} : { requestId }) };
}

function describe({ answer, error }: Held): string {
  return JSON.stringify(answer ?? messageOf(error));
}

/** Handles of queries are each party's own. */
function describeOutcome({ change, near, answer }: Outcome): string {
  const kind = change?.kind;
  return JSON.stringify({
    change: kind?.$case,
    of: kind?.$case === 'insert' ? kind.value.serialId : kind?.value.expected,
    near: near?.map((side) => side.map(({ serialId, version }) => [serialId, version])),
    answer: answer(undefined),
  });
}
