/** Runs that are over at this party: how each ended, so that none is used twice and news of a failed one stops here. */
import type { PartyIndex } from '@irispair/common/parties/party';

/** Those before the last so many are forgotten. */
const MOST_REMEMBERED = 65_536;

/** Why a run failed. */
export interface RunFailure {
  /** To which party it is put down. */
  readonly party: PartyIndex;
  readonly reason: string;
}

/** How a run ended. */
export type RunEnd = 'finished' | RunFailure;

/** The last runs that ended. */
export class EndedRuns {
  private readonly ends = new Map<string, RunEnd>();

  /** How the run ended; undefined when it did not, or long ago. */
  get(key: string): RunEnd | undefined {
    return this.ends.get(key);
  }

  note(key: string, end: RunEnd): void {
    this.ends.set(key, end);
    if (this.ends.size <= MOST_REMEMBERED) return;
    const [oldest] = this.ends.keys();
    this.ends.delete(oldest);
  }
}
