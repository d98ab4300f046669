/** Counts what may come in bursts, but not for long: a bucket that fills at a steady rate. */

/** One bucket, full at first. */
export class TokenBucket {
  private tokens: number;
  private filled = performance.now();

  /**
   * @param burst what may come at once
   * @param perSecond what may come for ever
   */
  constructor(
    private readonly burst: number,
    private readonly perSecond: number,
  ) {
    this.tokens = burst;
  }

  /** Takes one out. @returns false when the bucket is empty */
  take(): boolean {
    const now = performance.now();
    this.tokens = Math.min(this.burst, this.tokens + ((now - this.filled) / 1_000) * this.perSecond);
    this.filled = now;
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }
}
