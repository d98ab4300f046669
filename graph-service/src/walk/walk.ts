/**
 * One walk over the graph, by ranks alone.
 *
 * 1. The entry points are scanned in one step.
 * 2. In every layer below, down to the wanted one: open the best nodes not yet opened, as many as bring about a batch of
 *    candidates never seen before, send these, apply their ranks; the layer is done when the whole front is opened.
 * The iris service keeps the neighbourhood with its distances; both lists stay equal.
 */
import { monotonicMicroseconds } from '@irispair/common/clock/monotonic';
import { VECTOR_ID_BYTES } from '@irispair/common/ids/vector-id';
import type { GraphMemory } from '../graph/graph-memory.js';
import { isLiveWord, versionInWord } from '../graph/graph-node.js';
import type { HopPort } from '../hop/hop-port.js';
import { openSearch } from '../hop/open-search.js';
import type { StepTrace } from '../traces/traced-hop.js';
import { RankedNodes } from './neighbourhood.js';
import type { ComparisonTerms, EntryPoints, SearchOrder, SearchTimes } from './order.js';

/** What a walk found; `neighbours` is packed as in the hop. */
export interface WalkResult {
  readonly neighbours: Uint32Array;
  readonly matchCount: number;
  readonly hops: number;
  readonly candidates: number;
  readonly times: SearchTimes;
}

/** Candidates that a step should bring: more opens nodes that a finer walk would not, fewer pays more hops. */
const CANDIDATES_A_STEP = 256;

/** Above the wanted layer only the front guides the way down. */
const FRONT_IN_UPPER_LAYERS = 8;

/** Where a walk goes. */
export interface WalkGround {
  readonly memory: GraphMemory;
  readonly entryPoints: EntryPoints;
  readonly terms: ComparisonTerms;
}

/**
 * Walks once. Rejects as {@link HopPort.evaluate} does; the search is freed in any case.
 * @param trace who traces its hops; undefined for nobody
 */
export async function walk(
  order: SearchOrder,
  ground: WalkGround,
  hop: HopPort,
  trace?: StepTrace,
): Promise<WalkResult> {
  const search = new Walk(order, ground, hop, trace);
  return search.run();
}

class Walk {
  private readonly searchId: number;
  private readonly nodes: RankedNodes;
  private readonly seen: Uint32Array;
  private batch: number[] = [];
  private opened = false;
  private matchCount = 0;
  private hops = 0;
  private candidates = 0;
  private onHop = 0;

  constructor(
    private readonly order: SearchOrder,
    private readonly ground: WalkGround,
    private readonly hop: HopPort,
    private readonly trace: StepTrace | undefined,
  ) {
    this.searchId = hop.nextSearchId();
    this.nodes = new RankedNodes(order.ef);
    this.seen = new Uint32Array(Math.ceil(ground.memory.bound / 32));
  }

  async run(): Promise<WalkResult> {
    const started = monotonicMicroseconds();
    const { topLayer, serials } = this.ground.entryPoints;
    for (const serial of serials) this.gather(serial);
    await this.send(false);
    const lowest = this.order.layer;
    for (let layer = Math.max(topLayer - 1, lowest); layer >= lowest; layer--) {
      this.nodes.closeAll();
      await this.walkLayer(layer, layer === lowest ? this.order.ef : FRONT_IN_UPPER_LAYERS);
    }
    await this.send(true);
    return {
      neighbours: this.nodes.pack(),
      matchCount: this.matchCount,
      hops: this.hops,
      candidates: this.candidates,
      times: { started, finished: monotonicMicroseconds(), onHop: this.onHop },
    };
  }

  private async walkLayer(layer: number, front: number): Promise<void> {
    for (;;) {
      let open = this.nodes.openNext(front);
      if (open === undefined) return;
      for (;;) {
        for (const neighbour of this.ground.memory.neighbours(this.order.side, layer, open))
          this.gather(neighbour);
        if (this.batch.length >= 2 * CANDIDATES_A_STEP) break;
        open = this.nodes.openNext(front);
        if (open === undefined) break;
      }
      await this.send(false);
    }
  }

  /** Adds a node to the batch unless this walk has met it, it is not live, or it is younger than the walk. */
  private gather(serial: number): void {
    if (serial >>> 5 >= this.seen.length) return;
    const word = this.ground.memory.nodeWord(serial);
    if (!isLiveWord(word)) return;
    const bit = 1 << (serial & 31);
    if ((this.seen[serial >>> 5] & bit) !== 0) return;
    this.seen[serial >>> 5] |= bit;
    this.batch.push(serial, versionInWord(word));
  }

  private async send(close: boolean): Promise<void> {
    if (this.batch.length === 0 && !close) return;
    if (close && !this.opened) return;
    const packed = Buffer.from(Uint32Array.from(this.batch).buffer);
    this.batch = [];
    const { order } = this;
    const answer = this.hop.evaluate({
      searchId: this.searchId,
      open: this.opened
        ? undefined
        : openSearch(order.probe, order.side, order.orientation, order.ef, this.ground.terms, order.run),
      candidates: packed,
      close,
      withDistances: false,
      deadline: order.deadline,
      // Nobody waits for a closing step: it may well outlive the request.
      trace: close ? undefined : this.trace,
    });
    this.opened = true;
    if (close) {
      // Nobody waits for a closing step: when it fails the stream is gone, and the search with it.
      answer.catch(() => undefined);
      return;
    }
    const sent = monotonicMicroseconds();
    const { entered, matchCount } = await answer;
    this.onHop += monotonicMicroseconds() - sent;
    this.nodes.apply(packed, entered);
    this.matchCount = matchCount;
    this.hops += 1;
    this.candidates += packed.byteLength / VECTOR_ID_BYTES;
  }
}
