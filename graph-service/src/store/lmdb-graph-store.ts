/** The graph in one LMDB environment: nodes as one word each, rows as packed serial ids. */
import { open, type Database, type RootDatabase } from 'lmdb';
import { makeWritableDirectory } from '@irispair/common/files/directory';
import { serialId } from '@irispair/common/ids/vector-id';
import { Side } from '@irispair/common/iris/side';
import { writeFailure } from '@irispair/common/store/write-failure';
import { openAsOwner, type Ownership } from '@irispair/native/ownership';
import { packNode, unpackNode } from '../graph/graph-node.js';
import {
  PLAIN_HOLDER,
  type GraphStore,
  type GraphStoreHolder,
  type GraphStoreIdentity,
  type StoredNode,
  type StoredRow,
} from './graph-store.js';
import { checkIdentity, newIdentity } from './identity.js';

type RowKey = [side: number, layer: number, serialId: number];

/** A graph store in a directory. */
export class LmdbGraphStore implements GraphStore {
  private constructor(
    private held: GraphStoreIdentity,
    private readonly directory: string,
    private readonly ownership: Ownership,
    private readonly root: RootDatabase,
    private readonly identities: Database<GraphStoreIdentity, string>,
    private readonly nodeTable: Database<number, number>,
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
    // Without batches by event turn every write that fails is told to the one who waits for it, and to nobody else.
    const root = open({ path: directory, maxDbs: 3, eventTurnBatching: false });
    try {
      const identities = root.openDB<GraphStoreIdentity, string>({ name: 'identity', encoding: 'json' });
      const found = identities.get('identity');
      const identity = found ?? newIdentity(rowLimit, holder);
      checkIdentity(directory, identity, rowLimit, holder);
      const nodes = root.openDB<number, number>({ name: 'nodes', encoding: 'json', keyEncoding: 'uint32' });
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
      yield { serialId: serialId(key), ...unpackNode(value) };
    }
  }

  *rows(): Generator<StoredRow> {
    for (const { key, value } of this.rowTable.getRange({ snapshot: false })) {
      const [side, layer, serial] = key;
      const neighbours = new Uint32Array(Uint8Array.from(value).buffer);
      yield { side: side === 0 ? Side.Left : Side.Right, layer, serialId: serialId(serial), neighbours };
    }
  }

  async save(nodes: readonly StoredNode[], rows: readonly StoredRow[]): Promise<void> {
    await this.write(() => {
      for (const node of nodes) {
        void this.nodeTable.put(node.serialId, packNode(node));
      }
      for (const { side, layer, serialId: serial, neighbours } of rows) {
        const { buffer, byteOffset, byteLength } = neighbours;
        void this.rowTable.put([side, layer, serial], Buffer.from(buffer, byteOffset, byteLength));
      }
    });
  }

  /** All or nothing: a child transaction is undone when a write in it fails. */
  private async write(writes: () => void): Promise<void> {
    try {
      await this.root.childTransaction(writes);
    } catch (error) {
      throw await writeFailure(error, this.directory);
    }
  }

  async close(): Promise<void> {
    await this.root.close();
    this.ownership.release();
  }
}
