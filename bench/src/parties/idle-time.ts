/** How long all of several runs wait for messages at once: nothing else overlaps with that. */

/** Counts it. */
export class IdleTime {
  private waiting = 0;
  private since: number | undefined;
  private sum = 0;

  /** @param running runs that have begun and do not wait */
  constructor(private running: number) {}

  /** Milliseconds so far. */
  get milliseconds(): number {
    return this.sum;
  }

  /** A run waits while this does. */
  async during<Result>(wait: Promise<Result>): Promise<Result> {
    this.change(-1, 1);
    try {
      return await wait;
    } finally {
      this.change(1, -1);
    }
  }

  /** A run is over. */
  end(): void {
    this.change(-1, 0);
  }

  private change(running: number, waiting: number): void {
    this.running += running;
    this.waiting += waiting;
    const isIdle = this.running === 0 && this.waiting > 0;
    const now = performance.now();
    if (this.since !== undefined && !isIdle) {
      this.sum += now - this.since;
      this.since = undefined;
    }
    if (isIdle) this.since ??= now;
  }
}
