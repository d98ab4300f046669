import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { GraphMemory } from '../graph/graph-memory.js';
import { addNode, deleteNode } from '../support/graphs.js';
import { serials } from '../support/ids.js';
import { EntryPointList } from './entry-points.js';

const ENOUGH = 16;

/** A graph's nodes and its list. */
class Nodes {
  readonly layers = new Map<number, number>();
  private readonly memory = new GraphMemory(4);
  readonly list = new EntryPointList(this.memory);

  add(serial: number, layer: number): void {
    addNode(this.memory, serial, layer);
    this.list.add(serial, layer);
    this.layers.set(serial, layer);
  }

  remove(serial: number): void {
    deleteNode(this.memory, serial);
    this.list.remove(serial, this.layers.get(serial) ?? 0);
    this.layers.delete(serial);
  }

  current(): { topLayer: number; serials: number[] } {
    const { topLayer, serials: entries } = this.list.current();
    return { topLayer, serials: [...entries] };
  }

  /** Live nodes that reach a layer, ascending. */
  reaching(least: number): number[] {
    return [...this.layers]
      .flatMap(([serial, layer]) => (layer >= least ? [serial] : []))
      .sort((a, b) => a - b);
  }
}

describe('the entry points', () => {
  it('are the lowest serial ids while no layer above the bottom holds enough', () => {
    const nodes = new Nodes();
    for (const serial of serials(40)) nodes.add(serial, 0);
    assert.deepEqual(nodes.current(), { topLayer: 1, serials: serials(ENOUGH) });
    nodes.add(41, 3);
    assert.deepEqual(nodes.current(), { topLayer: 1, serials: [41, ...serials(ENOUGH)] });
  });

  it('are the highest layer that holds enough, with all that reach above it', () => {
    const nodes = new Nodes();
    for (const serial of serials(100)) nodes.add(serial, serial <= ENOUGH - 1 ? 2 : 1);
    nodes.add(101, 5);
    assert.deepEqual(nodes.current(), { topLayer: 2, serials: [...serials(ENOUGH - 1), 101] });
    nodes.remove(101);
    assert.deepEqual(nodes.current(), { topLayer: 1, serials: serials(100) });
  });

  it('are never none while anybody lives', () => {
    const nodes = new Nodes();
    for (const serial of serials(40)) nodes.add(serial, 0);
    for (const serial of serials(39)) nodes.remove(serial);
    assert.deepEqual(nodes.current(), { topLayer: 1, serials: [40] });
    nodes.remove(40);
    assert.deepEqual(nodes.current().serials, []);
  });

  it('follow from who lives, not from how it came about', () => {
    const changes = fc.array(
      fc.record({ serial: fc.integer({ min: 1, max: 60 }), layer: fc.nat({ max: 3 }) }),
      {
        maxLength: 200,
      },
    );
    fc.assert(
      fc.property(changes, (drawn) => {
        const nodes = new Nodes();
        for (const { serial, layer } of drawn) {
          if (nodes.layers.has(serial)) nodes.remove(serial);
          else nodes.add(serial, layer);
        }
        const rebuilt = new Nodes();
        for (const [serial, layer] of [...nodes.layers].sort(([a], [b]) => a - b)) rebuilt.add(serial, layer);
        assert.deepEqual(nodes.current(), rebuilt.current());
        const { topLayer, serials: entries } = nodes.current();
        const bottom = nodes.reaching(0).filter((serial) => nodes.layers.get(serial) === 0);
        const reaching = nodes.reaching(topLayer);
        const isFull = reaching.length >= ENOUGH;
        assert.deepEqual(entries, isFull ? reaching : [...reaching, ...bottom.slice(0, ENOUGH)]);
        assert.ok(nodes.reaching(topLayer + 1).length < ENOUGH);
      }),
    );
  });
});
