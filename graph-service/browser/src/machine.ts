/** The drawing: nodes beside each other, the hop between those of both services. */
import type { NodeFigures, Snapshot } from '@irispair/graph-service/page/snapshot';
import { KeyedList, setAttribute } from './dom.js';
import { HopView } from './hop.js';
import { NodeView } from './nodes.js';

/** A node, or the hop. */
type Card = { readonly kind: 'node'; readonly node: NodeFigures } | { readonly kind: 'hop' };

type CardView = NodeView | HopView;

/** The nodes and the hop. */
export class MachineView {
  private readonly hop = new HopView();
  private readonly cards: KeyedList<Card, CardView>;
  private snapshot: Snapshot | undefined;

  constructor(private readonly parent: HTMLElement) {
    this.cards = new KeyedList(
      parent,
      (card) => (card.kind === 'hop' ? 'hop' : `node ${card.node.node}`),
      (card) => (card.kind === 'hop' ? this.hop : new NodeView(card.node.node)),
      (view, card) => {
        if (this.snapshot === undefined) return;
        if (view instanceof HopView) view.show(this.snapshot);
        else if (card.kind === 'node') view.show(card.node, this.snapshot.placement);
      },
    );
  }

  show(snapshot: Snapshot): void {
    this.snapshot = snapshot;
    const cards = cardsOf(snapshot);
    setAttribute(this.parent, 'data-cards', String(Math.min(cards.length, 3)));
    this.cards.show(cards);
  }
}

/** The graph service's node, the hop, the iris service's node, then all others; without nodes of their own: as they come. */
function cardsOf({ placement }: Snapshot): Card[] {
  const home = (name: string) => placement.services.find(({ service }) => service === name)?.node ?? null;
  const [graph, iris] = [home('graph'), home('iris')];
  const first = placement.nodes.find(({ node }) => node === graph) ?? placement.nodes.at(0);
  const second =
    placement.nodes.find(({ node }) => node === iris && node !== first?.node) ??
    placement.nodes.find(({ node }) => node !== first?.node);
  const others = placement.nodes.filter((node) => node !== first && node !== second);
  const asCards = (nodes: readonly (NodeFigures | undefined)[]) =>
    nodes.flatMap((node): Card[] => (node === undefined ? [] : [{ kind: 'node', node }]));
  return [...asCards([first]), { kind: 'hop' }, ...asCards([second, ...others])];
}
