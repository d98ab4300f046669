/** What the three parties say of one stage of a batch, and whether they say the same. */
import { PARTIES, PARTY_COUNT, type PartyIndex } from '@irispair/common/parties/party';
import type { Outcome } from '@irispair/proto/agreement';

/** Stage of a batch. */
export type Stage = 'decided' | 'stored';

const PARTS = [
  ['answers', 'answers'],
  ['registryChecksum', 'registry'],
  ['graphChecksum', 'graph'],
] as const;

/** One stage of one batch. */
export class Tally {
  /** Resolves when all three have spoken, never when one of them has failed. */
  readonly complete: Promise<void>;
  private readonly outcomes: (Outcome | undefined)[] = PARTIES.map(() => undefined);
  private missing = PARTY_COUNT;
  private done: () => void = () => undefined;

  constructor(
    readonly batch: number,
    readonly stage: Stage,
  ) {
    this.complete = new Promise((resolve) => {
      this.done = resolve;
    });
  }

  /** @returns false when the party has no say here: it spoke already, or means another batch */
  put(party: PartyIndex, outcome: Outcome): boolean {
    if (outcome.batch !== this.batch || this.outcomes[party] !== undefined) return false;
    this.outcomes[party] = outcome;
    if (outcome.failure !== '') return true;
    this.missing -= 1;
    if (this.missing === 0) this.done();
    return true;
  }

  /** Once it is complete: in what they differ; undefined when all is the same. */
  get difference(): string | undefined {
    const [leader, ...followers] = this.outcomes.filter((outcome) => outcome !== undefined);
    const differences = PARTS.flatMap(([part, name]) =>
      followers.flatMap((outcome, place) =>
        outcome[part].equals(leader[part]) ? [] : [`the ${name} of party ${place + 1}`],
      ),
    );
    if (differences.length === 0) return undefined;
    return `after batch ${this.batch} (${this.stage}), other than party 0's: ${differences.join(', ')}`;
  }
}
