/** What audits found lately: the latest that had somebody to find, and none of before a day. */
import { monotonicMicroseconds } from '@irispair/common/clock/monotonic';
import type { Findings } from './findings.js';
import { addTallies, NOTHING_EXPECTED, type Tally } from './wilson.js';

const MOST_KEPT = 1_000;
const KEPT_MICROSECONDS = 24 * 3_600 * 1e6;

/** Of whom a recall is told. */
export type RecallOf = 'people' | 'eyes';

interface Kept {
  readonly at: number;
  readonly found: Pick<Findings, RecallOf>;
}

/** The sliding window. */
export class RecallWindow {
  private kept: Kept[] = [];

  constructor(private readonly now = monotonicMicroseconds) {}

  add(found: Pick<Findings, RecallOf>): void {
    if (found.people.expected === 0) return;
    this.kept.push({ at: this.now(), found });
    this.forget();
  }

  tally(of: RecallOf): Tally {
    this.forget();
    return this.kept.reduce<Tally>((sum, { found }) => addTallies(sum, found[of]), NOTHING_EXPECTED);
  }

  private forget(): void {
    const since = this.now() - KEPT_MICROSECONDS;
    this.kept = this.kept.slice(-MOST_KEPT).filter(({ at }) => at >= since);
  }
}
