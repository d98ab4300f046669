/**
 * Requests that wait, taken from their connections in turn.
 *
 * Requests of one connection keep their order. Between two of them every other connection that waits gets one in, so a
 * connection with many requests delays the others by one each round and itself by all of them.
 */
import type { Pending } from './request.js';

/** The queue of a batcher. */
export class FairQueue {
  /** By connection, whose turn it is first; none is empty. */
  private readonly turns = new Map<string, Pending[]>();
  private waiting = 0;

  /** Requests that wait. */
  get size(): number {
    return this.waiting;
  }

  push(pending: Pending): void {
    const connection = connectionOf(pending);
    const own = this.turns.get(connection);
    if (own === undefined) this.turns.set(connection, [pending]);
    else own.push(pending);
    this.waiting += 1;
  }

  /** How many would be taken before a request that this connection sent now. */
  ahead(connection: string): number {
    const own = this.turns.get(connection)?.length ?? 0;
    let ahead = own;
    for (const [other, theirs] of this.turns) {
      if (other !== connection) ahead += Math.min(theirs.length, own + 1);
    }
    return ahead;
  }

  /** Takes out those that the test is true for, in no particular order. */
  remove(test: (pending: Pending) => boolean): Pending[] {
    const removed: Pending[] = [];
    for (const [connection, own] of this.turns) {
      const kept: Pending[] = [];
      for (const pending of own) (test(pending) ? removed : kept).push(pending);
      if (kept.length < own.length) this.keep(connection, kept);
    }
    this.waiting -= removed.length;
    return removed;
  }

  /**
   * Takes out the newest request of the connection that has the most, if it has at least two more than the given one:
   * so that another takes its place.
   */
  displaceFor(connection: string): Pending | undefined {
    let longest: Pending[] = [];
    for (const own of this.turns.values()) if (own.length > longest.length) longest = own;
    const present = this.turns.get(connection)?.length ?? 0;
    if (longest.length < present + 2) return undefined;
    this.waiting -= 1;
    return longest.pop();
  }

  /**
   * Takes the next ones. Of several requests for one serial id the first is taken; the others wait, without losing the turn
   * of their connections.
   * @param most at least 1
   */
  take(most: number): Pending[] {
    const taken: Pending[] = [];
    const touched = new Set<number>();
    // A connection whose turn is over goes to the end, where the loop meets it again: it ends when all are blocked or gone.
    for (const [connection, own] of this.turns) {
      const place = own.findIndex((pending) => {
        const serial = serialOf(pending);
        return serial === undefined || !touched.has(serial);
      });
      if (place < 0) continue;
      const [pending] = own.splice(place, 1);
      const serial = serialOf(pending);
      if (serial !== undefined) touched.add(serial);
      taken.push(pending);
      this.turns.delete(connection);
      this.keep(connection, own);
      if (taken.length === most) break;
    }
    this.waiting -= taken.length;
    return taken;
  }

  private keep(connection: string, own: Pending[]): void {
    if (own.length === 0) this.turns.delete(connection);
    else this.turns.set(connection, own);
  }
}

/** What a request came over; callers that have none share one. */
export function connectionOf({ patience }: Pick<Pending, 'patience'>): string {
  return patience.connection ?? '';
}

function serialOf({ ask }: Pending): number | undefined {
  return 'serialId' in ask ? ask.serialId : undefined;
}
