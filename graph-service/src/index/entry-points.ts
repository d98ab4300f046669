/**
 * Where walks start: the nodes of the top layer, as a list that is scanned linearly.
 *
 * The top layer is the highest that holds enough nodes to aim from. A small graph has none: there the lowest serial ids
 * fill the list up.
 */
import type { EntryPoints } from '../walk/order.js';

const ENOUGH = 16;

/** The live nodes that reach above the bottom layer, and the lowest of the others. */
export class EntryPointList {
  /** Serial ids by layer, upper layers only. */
  private readonly byLayer = new Map<number, Set<number>>();
  private readonly fillers = new Set<number>();

  add(serial: number, layer: number): void {
    if (layer === 0) {
      if (this.fillers.size < ENOUGH) this.fillers.add(serial);
      return;
    }
    const nodes = this.byLayer.get(layer) ?? new Set();
    this.byLayer.set(layer, nodes.add(serial));
  }

  remove(serial: number, layer: number): void {
    if (layer === 0) this.fillers.delete(serial);
    else this.byLayer.get(layer)?.delete(serial);
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
    return { topLayer: 1, serials: Uint32Array.from([...this.reaching(1), ...this.fillers]) };
  }
}
