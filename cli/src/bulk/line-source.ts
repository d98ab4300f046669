/** The lines of a bulk command: each is handed out once, unless it is put back to be sent again. */
import type { Line } from '../input/ndjson.js';

/** Lines in the order of the file, those that were put back first. */
export class LineSource<Item> {
  private readonly again: Line<Item>[] = [];

  constructor(private readonly lines: AsyncIterator<Line<Item>>) {}

  /** Undefined at the end. */
  async next(): Promise<Line<Item> | undefined> {
    const first = this.again.shift();
    if (first !== undefined) return first;
    const next = await this.lines.next();
    // An earlier caller may have put its line back meanwhile.
    return next.done === true ? this.again.shift() : next.value;
  }

  putBack(lines: readonly Line<Item>[]): void {
    this.again.push(...lines);
  }

  /** Reads what is left, and says how many lines that is. */
  async drain(): Promise<number> {
    let count = 0;
    while ((await this.next()) !== undefined) count += 1;
    return count;
  }
}
