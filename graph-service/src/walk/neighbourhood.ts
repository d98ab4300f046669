/** The walk's own list of the best `ef` nodes so far, kept by ranks alone. */

/** A node of the neighbourhood. */
interface Ranked {
  readonly serial: number;
  readonly version: number;
  opened: boolean;
}

const BYTES_A_PAIR = 8;

/** Ordered nodes, nearest first. */
export class RankedNodes {
  private ranked: Ranked[] = [];

  constructor(private readonly ef: number) {}

  /**
   * Applies an answer: pairs of index into the step's candidates and rank afterwards, ascending.
   * @param candidates packed VectorIds of the step
   */
  apply(candidates: Buffer, entered: Buffer): void {
    if (entered.byteLength === 0) return;
    const merged: Ranked[] = [];
    let old = 0;
    for (let offset = 0; offset < entered.byteLength; offset += BYTES_A_PAIR) {
      const place = entered.readUInt32LE(offset) * BYTES_A_PAIR;
      const rank = entered.readUInt32LE(offset + 4);
      while (merged.length < rank) merged.push(this.ranked[old++]);
      merged.push({
        serial: candidates.readUInt32LE(place),
        version: candidates.readUInt32LE(place + 4),
        opened: false,
      });
    }
    while (merged.length < this.ef && old < this.ranked.length) merged.push(this.ranked[old++]);
    this.ranked = merged;
  }

  /** The best node of the first `within` not yet opened, marked as opened. */
  openNext(within: number): number | undefined {
    const end = Math.min(within, this.ranked.length);
    for (let rank = 0; rank < end; rank++) {
      const node = this.ranked[rank];
      if (node.opened) continue;
      node.opened = true;
      return node.serial;
    }
    return undefined;
  }

  /** Another layer has other neighbours: everything may be opened again. */
  closeAll(): void {
    for (const node of this.ranked) node.opened = false;
  }

  /** Packed VectorIds in order. */
  pack(): Uint32Array {
    return Uint32Array.from(this.ranked.flatMap(({ serial, version }) => [serial, version]));
  }
}
