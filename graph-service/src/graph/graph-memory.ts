/**
 * The graphs of both sides in shared memory: one writer, many walking threads.
 *
 * A node is a serial id. Its state (version, layer, live or deleted) is the same on both sides; its neighbours are a row
 * of serial ids for each side and layer. The bottom layer has a row for every node; an upper layer has rows for the few
 * nodes that reach it and a table that says which row is whose.
 */
import type { SerialId } from '@irispair/common/ids/vector-id';
import { SIDES, type Side } from '@irispair/common/iris/side';
import { nodeEntry, NO_SUM, rowEntry, type Sum } from '../agreement/checksum.js';
import { SharedRows } from './chunks.js';
import { packNode, UNKNOWN_NODE, unpackNode, type GraphNode } from './graph-node.js';

/** A piece of memory that another thread must adopt. */
export interface GraphChunk {
  readonly table: string;
  readonly buffer: SharedArrayBuffer;
}

/** Rows that a chunk has: of the bottom layer, and of one above. */
export const NODES_A_CHUNK = 16_384;
export const UPPER_ROWS_A_CHUNK = 512;
const NODES_TABLE = 'nodes';

/** Both graphs. */
export class GraphMemory {
  private readonly tables = new Map<string, SharedRows>();
  /** Rows used in each upper layer's table. The writer's. */
  private readonly upperRows = new Map<string, number>();
  private highest = 0;

  /**
   * @param rowLimit neighbours a row can hold
   * @param chunkAdded told of every new piece of memory; the writer's
   * @param sum told of every change; the writer's
   */
  constructor(
    readonly rowLimit: number,
    private readonly chunkAdded: (chunk: GraphChunk) => void = () => undefined,
    private readonly sum: Sum = NO_SUM,
  ) {}

  /** Takes a piece of memory that the writer made. */
  adopt({ table, buffer }: GraphChunk): void {
    this.table(table).adopt(buffer);
  }

  /** All memory of both graphs. Do not keep it. */
  arrays(): Uint32Array[] {
    return [...this.tables.values()].flatMap((rows) => rows.arrays());
  }

  /** The node of a serial id; unknown when there is none. */
  node(serial: number): GraphNode {
    const nodes = this.table(NODES_TABLE);
    if (serial >= nodes.rows) return UNKNOWN_NODE;
    return unpackNode(nodes.chunkOf(serial)[nodes.offsetOf(serial)]);
  }

  /** The node as one word, for the walk's inner loop; see graph-node. */
  nodeWord(serial: number): number {
    const nodes = this.table(NODES_TABLE);
    return serial >= nodes.rows ? 0 : nodes.chunkOf(serial)[nodes.offsetOf(serial)];
  }

  setNode(serial: SerialId, node: GraphNode): void {
    const nodes = this.table(NODES_TABLE);
    this.grow(NODES_TABLE, serial);
    const word = packNode(node);
    this.sum.change(
      () => nodeEntry(serial, this.nodeWord(serial)),
      () => nodeEntry(serial, word),
    );
    Atomics.store(nodes.chunkOf(serial), nodes.offsetOf(serial), word);
    for (const side of SIDES) this.grow(rowsTable(side, 0), serial);
  }

  /** Serial ids that a walk can meet are below this. */
  get bound(): number {
    return this.table(NODES_TABLE).rows;
  }

  /** The highest layer that has rows. */
  get highestLayer(): number {
    return this.highest;
  }

  /** Neighbours of a node in one layer, nearest first after compaction. A view of shared memory: do not keep it. */
  neighbours(side: Side, layer: number, serial: number): Uint32Array {
    const rows = this.table(rowsTable(side, layer));
    const row = this.rowOf(side, layer, serial);
    if (row < 0 || row >= rows.rows) return NO_NEIGHBOURS;
    const chunk = rows.chunkOf(row);
    const offset = rows.offsetOf(row);
    return chunk.subarray(offset + 1, offset + 1 + Atomics.load(chunk, offset));
  }

  /** Replaces a row. The length is published last, so that a reader sees old neighbours or new ones, never none. */
  setNeighbours(side: Side, layer: number, serial: SerialId, neighbours: ArrayLike<number>): void {
    if (neighbours.length > this.rowLimit) {
      throw new RangeError(`${neighbours.length} neighbours do not fit a row of ${this.rowLimit}`);
    }
    this.sum.change(
      () => rowEntry(side, layer, serial, this.neighbours(side, layer, serial)),
      () => rowEntry(side, layer, serial, neighbours),
    );
    this.highest = Math.max(this.highest, layer);
    const row = layer === 0 ? serial : this.ensureUpperRow(side, layer, serial);
    const rows = this.table(rowsTable(side, layer));
    this.grow(rowsTable(side, layer), row);
    const chunk = rows.chunkOf(row);
    const offset = rows.offsetOf(row);
    chunk.set(neighbours, offset + 1);
    Atomics.store(chunk, offset, neighbours.length);
  }

  private rowOf(side: Side, layer: number, serial: number): number {
    if (layer === 0) return serial;
    const places = this.table(placesTable(side, layer));
    // Places are kept one higher, so that untouched memory means no row.
    return serial >= places.rows ? -1 : places.chunkOf(serial)[places.offsetOf(serial)] - 1;
  }

  private ensureUpperRow(side: Side, layer: number, serial: SerialId): number {
    const known = this.rowOf(side, layer, serial);
    if (known >= 0) return known;
    const table = placesTable(side, layer);
    const row = this.upperRows.get(table) ?? 0;
    this.upperRows.set(table, row + 1);
    this.grow(table, serial);
    const places = this.table(table);
    Atomics.store(places.chunkOf(serial), places.offsetOf(serial), row + 1);
    return row;
  }

  private grow(table: string, row: number): void {
    this.table(table).ensure(row, (buffer) => {
      this.chunkAdded({ table, buffer });
    });
  }

  private table(name: string): SharedRows {
    let rows = this.tables.get(name);
    if (rows === undefined) {
      rows = new SharedRows(this.shapeOf(name));
      this.tables.set(name, rows);
    }
    return rows;
  }

  private shapeOf(name: string): { rows: number; stride: number } {
    if (!name.startsWith('rows')) return { rows: NODES_A_CHUNK, stride: 1 };
    return { rows: name.endsWith('/0') ? NODES_A_CHUNK : UPPER_ROWS_A_CHUNK, stride: this.rowLimit + 1 };
  }
}

const NO_NEIGHBOURS = new Uint32Array();

function rowsTable(side: Side, layer: number): string {
  return `rows/${side}/${layer}`;
}

function placesTable(side: Side, layer: number): string {
  return `places/${side}/${layer}`;
}
