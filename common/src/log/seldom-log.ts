/** A line of the log for what may happen a thousand times a second: written at once, then now and then with its number. */
import type { Logger } from './logger.js';

/** Between two lines of one kind. */
const LINE_MILLISECONDS = 10_000;

/** One kind of line. */
export class SeldomLog {
  private silentUntil = 0;
  private untold = 0;

  /** @param message what happened, with the remedy */
  constructor(
    private readonly logger: Logger,
    private readonly message: string,
  ) {}

  /** It happened. `times` in the line counts what happened since the line before. */
  note(fields: object = {}): void {
    this.untold += 1;
    const now = performance.now();
    if (now < this.silentUntil) return;
    this.silentUntil = now + LINE_MILLISECONDS;
    this.logger.warn({ ...fields, times: this.untold }, this.message);
    this.untold = 0;
  }
}
