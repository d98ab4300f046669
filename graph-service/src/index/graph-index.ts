/**
 * The index: both sides' graphs, walked by many threads, written by one, kept in a store.
 *
 * Searches are walks. New nodes are linked with what was found near them; stored irises that the graph lacks are caught
 * up by searching for them first. What changed is saved in one transaction and told to the walkers.
 */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { UnavailableError } from '@irispair/common/errors/errors';
import type { SerialId, VectorId } from '@irispair/common/ids/vector-id';
import { Orientation, SIDES, type Side } from '@irispair/common/iris/side';
import type { Logger } from '@irispair/common/log/logger';
import type { HopNodes } from '@irispair/common/traces/hop-nodes';
import { SpanKind } from '@irispair/common/traces/span';
import { SpanGroup } from '@irispair/common/traces/span-group';
import type { Sum } from '../agreement/checksum.js';
import { NO_RUN_NAMES, type RunNames } from '../agreement/run-names.js';
import { GraphMemory, type GraphChunk } from '../graph/graph-memory.js';
import { NodeState, UNKNOWN_NODE } from '../graph/graph-node.js';
import { layerOf } from '../graph/layers.js';
import {
  parametersFor,
  ROW_LIMIT_FACTOR,
  type GraphParameters,
  type ParameterOverrides,
} from '../graph/parameters.js';
import { addHops, type HopCounters } from '../hop/hop-counters.js';
import { addDurations, type HopDurations } from '../hop/hop-durations.js';
import type { HopStream } from '../hop/hop-stream.js';
import type { RegisteredIris } from '../iris/registered-iris.js';
import type { GraphStore, IrisPoint, StoredNode, StoredRow } from '../store/graph-store.js';
import type { ComparisonTerms, SearchOrder } from '../walk/order.js';
import { tracedBelow } from '../traces/traced-hop.js';
import { WalkerPool, type Searched, type ToldOfWalk } from '../workers/walker-pool.js';
import type { JudgedGraph, KnownIrises } from './belonging.js';
import { EntryPointList } from './entry-points.js';
import { Linker, type LinkOrder } from './linker.js';

/** How to open an index. */
export interface GraphIndexOptions {
  readonly store: GraphStore;
  readonly socket: string;
  /** The writer's own end of the hop; the caller closes it. */
  readonly hop: HopStream;
  readonly walkers: number;
  readonly overrides: ParameterOverrides;
  readonly terms: ComparisonTerms;
  readonly hopNodes: HopNodes;
  /** Told of every change of a node or row. */
  readonly sum: Sum;
  readonly logger: Logger;
}

/** A new iris with what was found near each of its eyes. */
export interface NewNode {
  readonly id: VectorId;
  readonly near: readonly [left: readonly VectorId[], right: readonly VectorId[]];
}

/** A part of the graph, small enough for one message. */
export interface GraphPart {
  readonly nodes: readonly StoredNode[];
  readonly rows: readonly StoredRow[];
}

/** Irises caught up together: their searches run at once. */
export const CATCH_UP_BATCH = 64;
/** Nobody waits longer for a save. */
const PATIENCE_MILLISECONDS = 2_000;

/** Nodes whose rows make a part: under a MiB where rows hold up to 512. */
const NODES_A_PART = 128;
/** Parts that are forgotten before the event loop turns. */
const PARTS_A_TURN = 64;

/** Rows that are replaced before they are saved. */
const ROWS_A_SAVE = 10_000;

const NOBODY = new Uint32Array();

/** Nodes and rows loaded before whoever asks how far this service is gets an answer. */
const LOADED_A_TURN = 1_024;

/** Neighbours that a row must have room for at this size. */
export function rowLimitFor(size: number, overrides: ParameterOverrides): number {
  return Math.ceil(parametersFor(size, overrides).mMax * ROW_LIMIT_FACTOR) + 1;
}

/** The graphs of both sides. */
export class GraphIndex implements JudgedGraph {
  private readonly memory: GraphMemory;
  private readonly walkers: WalkerPool;
  private readonly linker: Linker;
  private readonly entryPoints: EntryPointList;
  private key: Buffer;
  private readonly changedRows = new Map<string, [Side, number, SerialId]>();
  private readonly changedNodes = new Set<SerialId>();
  private live = 0;
  private isBehind = false;
  private saving: Promise<void> | undefined;
  /** Counts the commits of the session that it belongs to. */
  private irises: IrisPoint | undefined;

  private constructor(private readonly options: GraphIndexOptions) {
    const { socket, terms, walkers, hopNodes, logger, store } = options;
    const { rowLimit, layerKey } = store.identity;
    this.key = Buffer.from(layerKey, 'base64');
    this.irises = store.identity.irises;
    this.walkers = new WalkerPool(walkers, { socket, rowLimit, terms, node: hopNodes.source }, logger);
    const share = (chunk: GraphChunk) => {
      this.walkers.share(chunk);
    };
    this.memory = new GraphMemory(rowLimit, share, options.sum);
    this.entryPoints = new EntryPointList(this.memory);
    this.linker = new Linker(this.memory, options.hop, terms, (side, layer, serial) => {
      this.noteRow(side, layer, serial as SerialId);
    });
  }

  /** Loads what the store holds. */
  static async open(options: GraphIndexOptions): Promise<GraphIndex> {
    const index = new GraphIndex(options);
    try {
      await index.load();
    } catch (error) {
      await index.walkers.close();
      throw error;
    }
    index.announce();
    return index;
  }

  private async load(): Promise<void> {
    const { store } = this.options;
    let loaded = 0;
    for await (const { serialId: serial, ...node } of store.nodes()) {
      loaded += 1;
      if (loaded % LOADED_A_TURN === 0) await nextTurn();
      this.memory.setNode(serial, node);
      if (node.state === NodeState.Live) this.noteLive(serial, node.layer);
    }
    for await (const { side, layer, serialId: serial, neighbours } of store.rows()) {
      loaded += 1;
      if (loaded % LOADED_A_TURN === 0) await nextTurn();
      this.memory.setNeighbours(side, layer, serial, neighbours);
    }
  }

  /** Live nodes. */
  get size(): number {
    return this.live;
  }

  /** Neighbours that a row can hold. */
  get rowLimit(): number {
    return this.memory.rowLimit;
  }

  get parameters(): GraphParameters {
    const wanted = parametersFor(this.live, this.options.overrides);
    // Rows were laid out for the size expected at the start: M grows no further than they hold.
    const mMax = Math.min(wanted.mMax, Math.floor((this.memory.rowLimit - 1) / ROW_LIMIT_FACTOR));
    return { m: Math.min(wanted.m, mMax), mMax, ef: wanted.ef };
  }

  /** Entry points and layers above the bottom one. */
  get shape(): { entryPoints: number; upperLayers: number } {
    const { serials, topLayer } = this.entryPoints.current();
    return { entryPoints: serials.length, upperLayers: topLayer };
  }

  /** All memory of both graphs. Do not keep it. */
  arrays(): Uint32Array[] {
    return this.memory.arrays();
  }

  counters(): HopCounters {
    return addHops([this.walkers.counters(), this.options.hop.counters]);
  }

  durations(): HopDurations {
    return addDurations([this.walkers.durations(), this.options.hop.durations]);
  }

  /** Walker threads that are there, and those that ended without being asked. */
  get threads(): { running: number; deaths: number } {
    return { running: this.walkers.running, deaths: this.walkers.deaths };
  }

  /** Whether changes wait that could not be saved. */
  get isUnsaved(): boolean {
    return this.isBehind;
  }

  /** Secret-shared mode: fails what is being compared, and all comparisons until {@link resume}. */
  suspend(reason: string): void {
    this.walkers.suspend(reason);
    this.options.hop.suspend(new UnavailableError(reason));
  }

  resume(): void {
    this.walkers.resume();
    this.options.hop.resume();
  }

  /** Fails what is being compared and makes the hop's connections anew: nothing passes on these. */
  reconnect(reason: string): void {
    this.walkers.reconnect(reason);
    this.options.hop.reconnect(reason);
  }

  /** Walks; each search ends with its own result or error. */
  search(orders: readonly SearchOrder[], told?: ToldOfWalk): Promise<Searched[]> {
    return this.walkers.search(orders, told);
  }

  /**
   * Links new irises and saves.
   * @param traces who traces it, one a node
   */
  async insert(
    nodes: readonly NewNode[],
    traces: SpanGroup = SpanGroup.NONE,
    runs: RunNames = NO_RUN_NAMES,
  ): Promise<void> {
    const { parameters } = this;
    const layers = nodes.map(({ id }) => layerOf(id, this.key, parameters.m));
    nodes.forEach(({ id }, index) => {
      this.memory.setNode(id.serialId, { state: NodeState.Live, version: id.version, layer: layers[index] });
      this.noteLive(id.serialId, layers[index]);
    });
    try {
      await this.linkAll(nodes, layers, parameters, traces, runs);
    } catch (error) {
      // Half-linked nodes are not indexed: catching up will link them.
      nodes.forEach(({ id }, index) => {
        this.memory.setNode(id.serialId, { state: NodeState.Unknown, version: id.version, layer: 0 });
        this.forgetLive(id.serialId, layers[index]);
      });
      throw error;
    }
    this.announce();
    await this.save(traces);
  }

  private async linkAll(
    nodes: readonly NewNode[],
    layers: readonly number[],
    parameters: GraphParameters,
    traces: SpanGroup,
    runs: RunNames,
  ): Promise<void> {
    for (const side of SIDES) {
      const orders = nodes.map(({ id, near }, index): LinkOrder => {
        const span = traces.at(index);
        const trace = span === undefined ? undefined : tracedBelow(span, this.options.hopNodes);
        return { id, near: near[side].map((other) => other.serialId), trace };
      });
      await this.linker.link(side, 0, orders, parameters, runs);
    }
    for (const [index, { id }] of nodes.entries()) {
      for (let layer = 1; layer <= layers[index]; layer++) await this.linkUpper(id, layer, parameters, runs);
      this.changedNodes.add(id.serialId);
    }
  }

  /**
   * Takes out irises that were deleted and links those anew that were replaced, all at the versions that are stored.
   * @param traces who traces it, one an iris, those that were replaced first
   */
  async change(
    deleted: readonly VectorId[],
    replaced: readonly VectorId[],
    traces: SpanGroup = SpanGroup.NONE,
    runs: RunNames = NO_RUN_NAMES,
  ): Promise<void> {
    this.withdraw([...deleted, ...replaced]);
    for (const id of replaced) await this.unlink(id, NodeState.Unknown, runs);
    for (const id of deleted) await this.unlink(id, NodeState.Deleted, runs);
    this.announce();
    await this.indexStored(replaced, traces, runs);
  }

  /**
   * Makes the graph hold exactly what is registered. May be interrupted and called again.
   * @param progress told how many of how many are done
   */
  async catchUp(
    registered: readonly RegisteredIris[],
    progress: (done: number, all: number) => void,
  ): Promise<void> {
    const behind = this.behind(registered);
    this.withdrawStale(behind);
    for (let first = 0; first < behind.length; first += CATCH_UP_BATCH) {
      const batch = behind.slice(first, first + CATCH_UP_BATCH);
      await this.bring(batch);
      progress(first + batch.length, behind.length);
    }
  }

  /** What the graph does not hold as it is registered. */
  behind(registered: readonly RegisteredIris[]): RegisteredIris[] {
    return registered.filter(({ id, deleted }) => {
      const node = this.memory.node(id.serialId);
      return node.version !== id.version || node.state !== (deleted ? NodeState.Deleted : NodeState.Live);
    });
  }

  /** Takes out of the living what is no longer stored as the graph knows it. */
  withdrawStale(behind: readonly RegisteredIris[]): void {
    this.withdraw(behind.map(({ id }) => id).filter((id) => this.isLive(id)));
  }

  /** Brings some of what is behind into the graph, and saves. */
  async bring(batch: readonly RegisteredIris[], runs: RunNames = NO_RUN_NAMES): Promise<void> {
    for (const { id, deleted } of batch) {
      await this.unlink(id, deleted ? NodeState.Deleted : NodeState.Unknown, runs);
    }
    this.announce();
    const ids = batch.filter(({ deleted }) => !deleted).map(({ id }) => id);
    await this.indexStored(ids, SpanGroup.NONE, runs);
  }

  /** Key of the layers. */
  get layerKey(): Buffer {
    return this.key;
  }

  /** Durably takes another key for the layers. Those of nodes in the graph stay. */
  async takeLayerKey(key: Buffer): Promise<void> {
    await this.options.store.takeLayerKey(key.toString('base64'));
    this.key = key;
  }

  /** Everything, part by part. The graph must not change meanwhile. */
  *parts(): Generator<GraphPart> {
    for (let first = 1; first < this.memory.bound; first += NODES_A_PART) {
      const nodes: StoredNode[] = [];
      const rows: StoredRow[] = [];
      const end = Math.min(first + NODES_A_PART, this.memory.bound);
      for (let serial = first as SerialId; serial < end; serial++) {
        if (this.memory.nodeWord(serial) !== 0) nodes.push({ serialId: serial, ...this.memory.node(serial) });
        rows.push(...this.rowsOf(serial));
      }
      if (nodes.length + rows.length > 0) yield { nodes, rows };
    }
  }

  /** Holds what is given and nothing else, and saves it. May be interrupted and called again. */
  async replace(parts: AsyncIterable<GraphPart>): Promise<void> {
    for (const { nodes, rows } of this.forgetAll()) {
      for (const { side, layer, serialId: serial } of rows) this.noteRow(side, layer, serial);
      for (const { serialId: serial } of nodes) this.changedNodes.add(serial);
    }
    for await (const { nodes, rows } of parts) {
      for (const { serialId: serial, ...node } of nodes) {
        this.memory.setNode(serial, node);
        this.changedNodes.add(serial);
        if (node.state === NodeState.Live) this.noteLive(serial, node.layer);
      }
      for (const row of rows) this.setRow(row);
      if (this.changedRows.size > ROWS_A_SAVE) await this.save();
    }
    this.announce();
    await this.save();
  }

  /** Forgets everything in memory, and gives what it forgot. */
  private *forgetAll(): Generator<GraphPart> {
    for (const part of this.parts()) {
      for (const { side, layer, serialId: serial } of part.rows) {
        this.memory.setNeighbours(side, layer, serial, NOBODY);
      }
      for (const { serialId: serial, state, layer } of part.nodes) {
        if (state === NodeState.Live) this.forgetLive(serial, layer);
        this.memory.setNode(serial, UNKNOWN_NODE);
      }
      yield part;
    }
  }

  knownIrises(registered: (serial: number) => RegisteredIris | undefined): KnownIrises {
    let ids = 0;
    let highest = 0;
    let newer: SerialId | undefined;
    for (let serial = 1 as SerialId; serial < this.memory.bound; serial++) {
      if (this.memory.nodeWord(serial) === 0) continue;
      const { state, version } = this.memory.node(serial);
      if (state === NodeState.Unknown) continue;
      ids += 1;
      highest = serial;
      const known = registered(serial);
      if (known !== undefined && version > known.id.version) newer ??= serial;
    }
    return { place: this.options.store.place, irises: this.irises, ids, highest, newer };
  }

  async belongTo(irises: IrisPoint): Promise<void> {
    const before = this.options.store.identity.irises;
    // A service without an identity may be an earlier version on the same store.
    if (irises.storeId === '') return;
    this.irises = irises;
    const isSaved = before?.storeId === irises.storeId && before.commitCount === irises.commitCount;
    if (!isSaved) await this.save();
  }

  async beginAnew(irises: IrisPoint): Promise<void> {
    await this.saving;
    const { storeId, commitCount } = irises;
    await this.options.store.clear({ storeId, commitCount });
    let parts = 0;
    for (const { nodes } of this.forgetAll()) {
      parts += Math.min(1, nodes.length);
      if (parts % PARTS_A_TURN === 0) await nextTurn();
    }
    this.changedNodes.clear();
    this.changedRows.clear();
    this.isBehind = false;
    this.irises = irises;
    this.announce();
  }

  /** Neighbours of a node, for those who inspect the graph. */
  neighbours(side: Side, layer: number, serial: SerialId): number[] {
    return [...this.memory.neighbours(side, layer, serial)];
  }

  /** Saves what could not be saved when it changed. */
  async saveWhatIsLeft(): Promise<void> {
    if (this.isBehind) await this.save();
  }

  async close(): Promise<void> {
    await this.walkers.close();
    if (this.saving !== undefined) await settlesWithin(this.saving, PATIENCE_MILLISECONDS);
    await this.saveWhatIsLeft();
    await this.options.store.close();
  }

  private async indexStored(ids: readonly VectorId[], traces: SpanGroup, runs: RunNames): Promise<void> {
    if (ids.length === 0) {
      await this.save(traces);
      return;
    }
    const { ef } = this.parameters;
    const orders = ids.flatMap((stored) =>
      SIDES.map((side): SearchOrder => ({
        probe: { stored },
        side,
        orientation: Orientation.Normal,
        ef,
        layer: 0,
        deadline: 0,
        run: runs.next('stored search', stored.serialId, side),
      })),
    );
    const searched = (await this.search(orders)).map((result) => {
      if (result instanceof Error) throw result;
      return result.neighbours;
    });
    await this.insert(
      ids.map((id, index) => ({ id, near: [searched[2 * index], searched[2 * index + 1]] })),
      traces,
      runs,
    );
  }

  private async linkUpper(
    id: VectorId,
    layer: number,
    parameters: GraphParameters,
    runs: RunNames,
  ): Promise<void> {
    const { topLayer } = this.entryPoints.current();
    for (const side of SIDES) {
      const near =
        layer >= topLayer
          ? this.entryPoints.reaching(layer)
          : await this.walkUpper(id, side, layer, parameters.ef, runs);
      await this.linker.link(side, layer, [{ id, near }], parameters, runs);
    }
  }

  private async walkUpper(
    stored: VectorId,
    side: Side,
    layer: number,
    ef: number,
    runs: RunNames,
  ): Promise<number[]> {
    const run = runs.next('upper search', stored.serialId, side, layer);
    const [found] = await this.search([
      { probe: { stored }, side, orientation: Orientation.Normal, ef, layer, deadline: 0, run },
    ]);
    if (found instanceof Error) throw found;
    return found.neighbours.map(({ serialId: serial }) => serial);
  }

  /** The store no longer holds these as the graph knows them: no row is ranked by them or gets them from now on. */
  private withdraw(ids: readonly VectorId[]): void {
    for (const id of ids) {
      const { layer } = this.memory.node(id.serialId);
      if (this.isLive(id)) this.forgetLive(id.serialId, layer);
      this.setNode(id, NodeState.Unknown, layer);
    }
  }

  /** Takes a withdrawn node out of all rows and sets what is known of it now. */
  private async unlink(id: VectorId, state: NodeState, runs: RunNames): Promise<void> {
    const { layer: highest } = this.memory.node(id.serialId);
    for (const side of SIDES) {
      for (let layer = 0; layer <= highest; layer++) {
        await this.linker.unlink(side, layer, id.serialId, this.parameters, runs);
      }
    }
    this.setNode(id, state, highest);
  }

  private rowsOf(serial: SerialId): StoredRow[] {
    const rows: StoredRow[] = [];
    for (const side of SIDES) {
      for (let layer = 0; layer <= this.memory.highestLayer; layer++) {
        const neighbours = this.memory.neighbours(side, layer, serial);
        if (neighbours.length > 0)
          rows.push({ side, layer, serialId: serial, neighbours: neighbours.slice() });
      }
    }
    return rows;
  }

  private setRow({ side, layer, serialId: serial, neighbours }: StoredRow): void {
    this.memory.setNeighbours(side, layer, serial, neighbours);
    this.noteRow(side, layer, serial);
  }

  private noteRow(side: Side, layer: number, serial: SerialId): void {
    this.changedRows.set(`${side}/${layer}/${serial}`, [side, layer, serial]);
  }

  private setNode(id: VectorId, state: NodeState, layer: number): void {
    this.memory.setNode(id.serialId, { state, version: id.version, layer });
    this.changedNodes.add(id.serialId);
  }

  private isLive({ serialId: serial }: VectorId): boolean {
    return this.memory.node(serial).state === NodeState.Live;
  }

  private noteLive(serial: SerialId, layer: number): void {
    this.live += 1;
    this.entryPoints.add(serial, layer);
  }

  private forgetLive(serial: SerialId, layer: number): void {
    this.live -= 1;
    this.entryPoints.remove(serial, layer);
  }

  private announce(): void {
    this.walkers.setEntryPoints(this.entryPoints.current());
  }

  /** Saves what changed. A store that takes long holds nobody up: the save goes on, and what it misses comes later. */
  private async save(traces: SpanGroup = SpanGroup.NONE): Promise<void> {
    if (this.saving !== undefined) {
      this.isBehind = true;
      return;
    }
    const saving = this.saveChanges().finally(() => {
      this.saving = undefined;
    });
    this.saving = saving;
    const isSaved = await traces.watch('store', SpanKind.Internal, () =>
      settlesWithin(saving, PATIENCE_MILLISECONDS),
    );
    if (isSaved || this.isBehind) return;
    this.options.logger.warn({ milliseconds: PATIENCE_MILLISECONDS }, 'the graph store is slow: going on');
    this.isBehind = true;
  }

  private async saveChanges(): Promise<void> {
    const serials = [...this.changedNodes];
    const places = [...this.changedRows];
    const nodes = serials.map((serial): StoredNode => ({ serialId: serial, ...this.memory.node(serial) }));
    const rows = places.map(([, [side, layer, serial]]): StoredRow => ({
      side,
      layer,
      serialId: serial,
      neighbours: this.memory.neighbours(side, layer, serial).slice(),
    }));
    // What changes from now on is for the next save.
    this.changedNodes.clear();
    this.changedRows.clear();
    try {
      await this.options.store.save(nodes, rows, this.irises === undefined ? undefined : { ...this.irises });
    } catch (error) {
      // The graph in memory is right: it serves on. The changes stay for the next save, and what a restart finds
      // missing is caught up.
      for (const serial of serials) this.changedNodes.add(serial);
      for (const [key, place] of places) this.changedRows.set(key, place);
      if (!this.isBehind) {
        this.options.logger.error({ err: error, nodes: nodes.length }, 'the graph was not saved: going on');
      }
      this.isBehind = true;
      return;
    }
    const isAllSaved = this.changedNodes.size === 0 && this.changedRows.size === 0;
    if (this.isBehind && isAllSaved)
      this.options.logger.info({ nodes: nodes.length }, 'the graph is saved again');
    this.isBehind = !isAllSaved;
  }
}

/** Whether it settles in time. */
async function settlesWithin(work: Promise<void>, milliseconds: number): Promise<boolean> {
  const patience = new AbortController();
  try {
    return await Promise.race([
      work.then(() => true),
      sleep(milliseconds, false, { signal: patience.signal }),
    ]);
  } finally {
    patience.abort();
  }
}
