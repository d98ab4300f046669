/**
 * Links nodes into the graph: the one writer.
 *
 * 1. Rank what the search found together with the batch-mates linked before, by a hop whose query is the stored iris:
 *    the best M become the row.
 * 2. Each of them gets the node as a neighbour in return.
 * 3. Rows that outgrew their limit are compacted to their best M_max, all by one message.
 */
import type { VectorId } from '@irispair/common/ids/vector-id';
import { packVectorIds, serialId, version } from '@irispair/common/ids/vector-id';
import { Orientation, type Side } from '@irispair/common/iris/side';
import type { RunNames } from '../agreement/run-names.js';
import type { GraphMemory } from '../graph/graph-memory.js';
import { NodeState } from '../graph/graph-node.js';
import { ROW_LIMIT_FACTOR, type GraphParameters } from '../graph/parameters.js';
import type { HopPort } from '../hop/hop-port.js';
import { openSearch } from '../hop/open-search.js';
import type { StepTrace } from '../traces/traced-hop.js';
import type { ComparisonTerms } from '../walk/order.js';
import { RankedNodes } from '../walk/neighbourhood.js';

/** A node to link, and what was found near it. */
export interface LinkOrder {
  readonly id: VectorId;
  readonly near: readonly number[];
  /** Whose trace shows the steps that it takes; undefined when nobody's does. */
  readonly trace?: StepTrace | undefined;
}

/** Told of every row that changed. */
export type RowChanged = (side: Side, layer: number, serial: number) => void;

/** Writes rows of one graph memory. */
export class Linker {
  constructor(
    private readonly memory: GraphMemory,
    private readonly hop: HopPort,
    private readonly terms: ComparisonTerms,
    private readonly rowChanged: RowChanged,
  ) {}

  /** Links nodes in one layer of one side. */
  async link(
    side: Side,
    layer: number,
    orders: readonly LinkOrder[],
    parameters: GraphParameters,
    runs: RunNames,
  ): Promise<void> {
    const rows = await Promise.all(
      orders.map(({ id, near, trace }, index) => {
        const mates = orders.slice(0, index).map((mate) => mate.id.serialId);
        const candidates = [...new Set([...mates, ...near])].filter((serial) => serial !== id.serialId);
        return this.nearest(side, id, candidates, parameters.m, runs, trace);
      }),
    );
    orders.forEach(({ id }, index) => {
      this.write(side, layer, id.serialId, rows[index]);
    });
    await Promise.all(
      [...inReturn(orders, rows)].map(([neighbour, newcomers]) =>
        this.addNeighbours(side, layer, neighbour, newcomers, parameters.mMax, runs),
      ),
    );
  }

  /** Takes a node out and connects its former neighbours with each other. */
  async unlink(
    side: Side,
    layer: number,
    serial: number,
    { mMax }: GraphParameters,
    runs: RunNames,
  ): Promise<void> {
    const row = [...this.memory.neighbours(side, layer, serial)];
    if (row.length === 0) return;
    const former = row.filter((neighbour) => this.isLive(neighbour));
    this.write(side, layer, serial, []);
    await Promise.all(
      former.map(async (neighbour) => {
        const own = [...this.memory.neighbours(side, layer, neighbour)].filter((other) => other !== serial);
        const candidates = [...new Set([...own, ...former])].filter((other) => other !== neighbour);
        const nearest = await this.nearest(side, this.idOf(neighbour), candidates, mMax, runs);
        this.write(side, layer, neighbour, nearest);
      }),
    );
  }

  /** Gives a row more neighbours; one that outgrows its limit is compacted before it is written. */
  private async addNeighbours(
    side: Side,
    layer: number,
    serial: number,
    newcomers: readonly LinkOrder[],
    mMax: number,
    runs: RunNames,
  ): Promise<void> {
    const joined = newcomers.map(({ id }): number => id.serialId);
    const row = [...new Set([...this.memory.neighbours(side, layer, serial), ...joined])];
    const outgrown = row.length > mMax * ROW_LIMIT_FACTOR;
    // One step for all who outgrew the row: the first one's trace shows it.
    const { trace } = newcomers.find((newcomer) => newcomer.trace !== undefined) ?? {};
    const kept = outgrown ? await this.nearest(side, this.idOf(serial), row, mMax, runs, trace) : row;
    this.write(side, layer, serial, kept);
  }

  /** The nearest `most` of the candidates to a stored iris. */
  private async nearest(
    side: Side,
    id: VectorId,
    candidates: readonly number[],
    most: number,
    runs: RunNames,
    trace?: StepTrace,
  ): Promise<number[]> {
    const live = candidates.filter((serial) => this.isLive(serial)).map((serial) => this.idOf(serial));
    if (live.length === 0) return [];
    const packed = packVectorIds(live);
    const run = runs.next('link', side, id.serialId, id.version, most, packed);
    const { entered } = await this.hop.evaluate({
      searchId: this.hop.nextSearchId(),
      open: openSearch({ stored: id }, side, Orientation.Normal, most, this.terms, run),
      candidates: packed,
      close: true,
      withDistances: false,
      deadline: 0,
      trace,
    });
    const ranked = new RankedNodes(most);
    ranked.apply(packed, entered);
    return [...ranked.pack().filter((_, index) => index % 2 === 0)];
  }

  private write(side: Side, layer: number, serial: number, neighbours: readonly number[]): void {
    this.memory.setNeighbours(side, layer, serialId(serial), neighbours);
    this.rowChanged(side, layer, serial);
  }

  private isLive(serial: number): boolean {
    return this.memory.node(serial).state === NodeState.Live;
  }

  private idOf(serial: number): VectorId {
    return { serialId: serialId(serial), version: version(this.memory.node(serial).version) };
  }
}

/** For every node that became a neighbour: whose. */
function inReturn(
  orders: readonly LinkOrder[],
  rows: readonly (readonly number[])[],
): ReadonlyMap<number, readonly LinkOrder[]> {
  const gained = new Map<number, LinkOrder[]>();
  orders.forEach((order, index) => {
    for (const neighbour of rows[index]) {
      const newcomers = gained.get(neighbour) ?? [];
      newcomers.push(order);
      gained.set(neighbour, newcomers);
    }
  });
  return gained;
}
