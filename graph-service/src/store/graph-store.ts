/**
 * Where the graph is kept: rows and what is indexed, in one transaction.
 *
 * It can always be rebuilt from the irises, so a lost tail is caught up at start, never an error.
 */
import type { Side } from '@irispair/common/iris/side';
import type { SerialId, Version } from '@irispair/common/ids/vector-id';
import type { NodeState } from '../graph/graph-node.js';

/** A state of an iris store: of two with the same identity the one with more commits is the later one. */
export interface IrisPoint {
  /** Identity of the iris store, a UUID; empty from services before stores had one. */
  readonly storeId: string;
  /** Commits since the iris store was made. */
  readonly commitCount: number;
}

/** What a graph store holds. */
export interface GraphStoreIdentity {
  readonly mode: 'plain' | 'shared';
  /** In shared mode: whose. */
  readonly party?: number | undefined;
  readonly formatVersion: number;
  /** The key of the layers, base64. */
  readonly layerKey: string;
  readonly rowLimit: number;
  /** Of which irises the graph is, and the latest point that it may know; not set before it was first joined to any. */
  readonly irises?: IrisPoint | undefined;
}

/** What a service that opens a store is. */
export type GraphStoreHolder = Pick<GraphStoreIdentity, 'mode' | 'party'>;

/** A service in plain mode. */
export const PLAIN_HOLDER: GraphStoreHolder = { mode: 'plain' };

/** One node as stored. */
export interface StoredNode {
  readonly serialId: SerialId;
  readonly state: NodeState;
  readonly version: Version;
  readonly layer: number;
}

/** One row as stored. */
export interface StoredRow {
  readonly side: Side;
  readonly layer: number;
  readonly serialId: SerialId;
  readonly neighbours: Uint32Array;
}

/** Durable rows of one owner. */
export interface GraphStore {
  readonly identity: GraphStoreIdentity;
  /** Where it is, for messages: without a password. */
  readonly place: string;
  nodes(): Iterable<StoredNode> | AsyncIterable<StoredNode>;
  rows(): Iterable<StoredRow> | AsyncIterable<StoredRow>;
  /**
   * Resolves when all of it is stored; when it rejects it may be saved again.
   * @param irises which the graph is of; undefined where nothing is known of them
   */
  save(nodes: readonly StoredNode[], rows: readonly StoredRow[], irises?: IrisPoint): Promise<void>;
  /** Durably holds nothing, of these irises. All or nothing. */
  clear(irises: IrisPoint): Promise<void>;
  /** Durably replaces the key of the layers, in shared mode by the leader's. */
  takeLayerKey(layerKey: string): Promise<void>;
  close(): Promise<void>;
}
