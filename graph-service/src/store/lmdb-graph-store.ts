/**
 * The graph in one LMDB environment: nodes as one word each, rows as packed serial ids.
 *
 * The file is checked before LMDB maps it, and every node and row by its checksum when it is read. What is damaged is never
 * served: the graph is built anew from the irises.
 */
import { open, type Database, type RootDatabase } from 'lmdb';
import { DamagedStoreError } from '@irispair/common/errors/errors';
import { makeWritableDirectory } from '@irispair/common/files/directory';
import { serialId } from '@irispair/common/ids/vector-id';
import { Side } from '@irispair/common/iris/side';
import { checkLmdbFile } from '@irispair/common/store/lmdb-file';
import { writeFailure } from '@irispair/common/store/write-failure';
import { openAsOwner, type Ownership } from '@irispair/native/ownership';
import { packNode, unpackNode } from '../graph/graph-node.js';
import { decodeNode, decodeRow, encodeNode, encodeRow, type RowKey } from './checked-values.js';
import {
  PLAIN_HOLDER,
  type GraphStore,
  type GraphStoreHolder,
  type GraphStoreIdentity,
  type IrisPoint,
  type StoredNode,
  type StoredRow,
} from './graph-store.js';
import { checkIdentity, newIdentity } from './identity.js';

const TABLES: readonly string[] = ['identity', 'nodes', 'rows'];
const REBUILD_REMEDY = 'remove the directory, and the graph is built anew from the irises';

/** A graph store in a directory. */
export class LmdbGraphStore implements GraphStore {
  private constructor(
    private held: GraphStoreIdentity,
    readonly place: string,
    private readonly ownership: Ownership,
    private readonly root: RootDatabase,
    private readonly identities: Database<GraphStoreIdentity, string>,
    private readonly nodeTable: Database<Buffer, number>,
    private readonly rowTable: Database<Buffer, RowKey>,
  ) {}

  /**
   * Opens or makes the store. A new one draws its own layer key.
   * @throws MisconfiguredError when it cannot be written, another process owns it, or it holds something else
   */
  static async open(
    directory: string,
    rowLimit: number,
    holder: GraphStoreHolder = PLAIN_HOLDER,
  ): Promise<LmdbGraphStore> {
    await makeWritableDirectory('the graph store', directory);
    return openAsOwner(directory, (ownership) =>
      LmdbGraphStore.openOwned(directory, ownership, rowLimit, holder),
    );
  }

  private static async openOwned(
    directory: string,
    ownership: Ownership,
    rowLimit: number,
    holder: GraphStoreHolder,
  ): Promise<LmdbGraphStore> {
    await checkLmdbFile(directory, { flushing: 'later', remedy: REBUILD_REMEDY });
    // Without batches by event turn every write that fails is told to the one who waits for it, and to nobody else.
    const root = open({
      path: directory,
      // Or a dot in the directory's name is taken for the extension of a file.
      noSubdir: false,
      maxDbs: TABLES.length,
      eventTurnBatching: false,
    });
    try {
      checkNames(directory, [...root.getKeys()].map(String));
      const identities = root.openDB<GraphStoreIdentity, string>({ name: 'identity', encoding: 'json' });
      const found = readIdentity(directory, identities);
      const identity = found ?? newIdentity(rowLimit, holder);
      checkIdentity(directory, identity, rowLimit, holder);
      const nodes = root.openDB<Buffer, number>({ name: 'nodes', encoding: 'binary', keyEncoding: 'uint32' });
      const rows = root.openDB<Buffer, RowKey>({ name: 'rows', encoding: 'binary' });
      const store = new LmdbGraphStore(identity, directory, ownership, root, identities, nodes, rows);
      if (found === undefined) await store.write(() => void identities.put('identity', identity));
      return store;
    } catch (error) {
      await root.close();
      throw error;
    }
  }

  get identity(): GraphStoreIdentity {
    return this.held;
  }

  async takeLayerKey(layerKey: string): Promise<void> {
    const identity = { ...this.held, layerKey };
    await this.write(() => void this.identities.put('identity', identity));
    this.held = identity;
  }

  *nodes(): Generator<StoredNode> {
    for (const { key, value } of this.nodeTable.getRange({ snapshot: false })) {
      const word = decodeNode(key, value);
      if (word === undefined) throw this.damaged(`node ${key}`);
      yield { serialId: serialId(key), ...unpackNode(word) };
    }
  }

  *rows(): Generator<StoredRow> {
    for (const { key, value } of this.rowTable.getRange({ snapshot: false })) {
      const neighbours = decodeRow(key, value);
      if (neighbours === undefined) throw this.damaged(`row ${key.join('/')}`);
      const [side, layer, serial] = key;
      yield { side: side === 0 ? Side.Left : Side.Right, layer, serialId: serialId(serial), neighbours };
    }
  }

  private damaged(what: string): DamagedStoreError {
    return damagedGraph(this.place, `${what} does not have the checksum it was written with`);
  }

  async save(
    nodes: readonly StoredNode[],
    rows: readonly StoredRow[],
    irises: IrisPoint | undefined = this.held.irises,
  ): Promise<void> {
    const identity = this.heldOf(irises);
    await this.write(() => {
      for (const node of nodes) {
        void this.nodeTable.put(node.serialId, encodeNode(node.serialId, packNode(node)));
      }
      for (const { side, layer, serialId: serial, neighbours } of rows) {
        const key: RowKey = [side, layer, serial];
        void this.rowTable.put(key, encodeRow(key, neighbours));
      }
      if (identity !== this.held) void this.identities.put('identity', identity);
    });
    this.held = identity;
  }

  async clear(irises: IrisPoint): Promise<void> {
    const identity = this.heldOf(irises);
    await this.write(() => {
      void this.nodeTable.clearAsync();
      void this.rowTable.clearAsync();
      void this.identities.put('identity', identity);
    });
    this.held = identity;
  }

  /** What is held, once the graph is of these irises. */
  private heldOf(irises: IrisPoint | undefined): GraphStoreIdentity {
    const { irises: before } = this.held;
    if (before?.storeId === irises?.storeId && before?.commitCount === irises?.commitCount) return this.held;
    return { ...this.held, irises };
  }

  /** All or nothing: a child transaction is undone when a write in it fails. */
  private async write(writes: () => void): Promise<void> {
    try {
      await this.root.childTransaction(writes);
    } catch (error) {
      throw await writeFailure(error, this.place);
    }
  }

  async close(): Promise<void> {
    await this.root.close();
    this.ownership.release();
  }
}

function damagedGraph(directory: string, problem: string): DamagedStoreError {
  return new DamagedStoreError(directory, problem, REBUILD_REMEDY);
}

/** A name that is not one of ours was: the table that had it would be made anew, empty. */
function checkNames(directory: string, names: readonly string[]): void {
  const other = names.find((name) => !TABLES.includes(name));
  if (other === undefined || !names.includes('identity')) return;
  throw damagedGraph(directory, `it has a table ${JSON.stringify(other)}`);
}

function readIdentity(
  directory: string,
  identities: Database<GraphStoreIdentity, string>,
): GraphStoreIdentity | undefined {
  try {
    return identities.get('identity');
  } catch {
    throw damagedGraph(directory, 'what it says of itself cannot be read');
  }
}
