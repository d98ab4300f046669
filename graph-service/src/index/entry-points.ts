/**
 * Where walks start: the nodes of the top layer, as a list that is scanned linearly.
 *
 * The top layer is the highest that holds enough nodes to aim from. A small graph has none: there the lowest serial ids
 * fill the list up.
 */
import type { GraphMemory } from '../graph/graph-memory.js';
import { isLiveWord, unpackNode } from '../graph/graph-node.js';
import type { EntryPoints } from '../walk/order.js';

const ENOUGH = 16;

/** The live nodes that reach above the bottom layer, and the lowest of the others: the same for every graph alike. */
export class EntryPointList {
  /** Serial ids by layer, upper layers only. */
  private readonly byLayer = new Map<number, Set<number>>();

  constructor(private readonly memory: GraphMemory) {}

  /** Tells of a live node. */
  add(serial: number, layer: number): void {
    if (layer === 0) return;
    const nodes = this.byLayer.get(layer) ?? new Set();
    this.byLayer.set(layer, nodes.add(serial));
  }

  /** Tells of a node that is no longer live. */
  remove(serial: number, layer: number): void {
    this.byLayer.get(layer)?.delete(serial);
  }

  /** Live nodes that reach a layer, ascending by serial id. */
  reaching(layer: number): number[] {
    return [...this.byLayer]
      .flatMap(([reached, nodes]) => (reached >= layer ? [...nodes] : []))
      .sort((a, b) => a - b);
  }

  current(): EntryPoints {
    const layers = [...this.byLayer.keys()].sort((a, b) => b - a);
    const top = layers.find((layer) => this.reaching(layer).length >= ENOUGH);
    if (top !== undefined) return { topLayer: top, serials: Uint32Array.from(this.reaching(top)) };
    return { topLayer: 1, serials: Uint32Array.from([...this.reaching(1), ...this.fillers()]) };
  }

  /** The lowest live nodes that end in the bottom layer. Found anew each time, for any of them may be deleted. */
  private fillers(): number[] {
    const found: number[] = [];
    for (let serial = 1; serial < this.memory.bound && found.length < ENOUGH; serial++) {
      const word = this.memory.nodeWord(serial);
      if (isLiveWord(word) && unpackNode(word).layer === 0) found.push(serial);
    }
    return found;
  }
}
