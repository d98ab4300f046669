/**
 * How long a service that ended is left alone before it is started again: a second at first, then twice as long each time, up to
 * a minute. One that ran for a minute begins anew.
 */
const FIRST_MILLISECONDS = 1_000;
const LONGEST_MILLISECONDS = 60_000;
const STEADY_MILLISECONDS = 60_000;

/** The delays of one service. */
export class RestartDelays {
  private next = FIRST_MILLISECONDS;
  private startedAt: number;

  /** @param now milliseconds, never going back */
  constructor(private readonly now: () => number = () => performance.now()) {
    this.startedAt = now();
  }

  /** The service ended. @returns milliseconds until it is to be started */
  ended(): number {
    const wasSteady = this.now() - this.startedAt >= STEADY_MILLISECONDS;
    const delay = wasSteady ? FIRST_MILLISECONDS : this.next;
    this.next = Math.min(2 * delay, LONGEST_MILLISECONDS);
    return delay;
  }

  started(): void {
    this.startedAt = this.now();
  }
}
