/** Whether all ids of a store are there. */
import type { StoreHead } from './lmdb-head.js';

/** Holds the ids that are there against those that the head counts. */
export class Census {
  private readonly gaps: number[] = [];
  private seen = 0;
  private last = 0;

  constructor(private readonly head: Pick<StoreHead, 'ids' | 'highest'>) {}

  /** The next one, ascending. */
  count(serial: number): void {
    this.noteGap(serial);
    this.seen += 1;
    this.last = serial;
  }

  /** Ids that should be there. Where the store has always had gaps they are among these, too. */
  missing(): readonly number[] {
    this.noteGap(this.head.highest + 1);
    this.last = this.head.highest;
    return this.seen < this.head.ids ? this.gaps : [];
  }

  private noteGap(next: number): void {
    for (let serial = this.last + 1; serial < next; serial++) this.gaps.push(serial);
  }
}
