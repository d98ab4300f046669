/**
 * Where the graph is kept: rows and what is indexed, in one transaction.
 *
 * It can always be rebuilt from the irises, so a lost tail is caught up at start, never an error.
 */
import type { Side } from '@irispair/common/iris/side';
import type { SerialId, Version } from '@irispair/common/ids/vector-id';
import type { NodeState } from '../graph/graph-node.js';

/** What a graph store holds. */
export interface GraphStoreIdentity {
  readonly mode: 'plain' | 'shared';
  /** In shared mode: whose. */
  readonly party?: number | undefined;
  readonly formatVersion: number;
  /** The key of the layers, base64. */
  readonly layerKey: string;
  readonly rowLimit: number;
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
  nodes(): Iterable<StoredNode> | AsyncIterable<StoredNode>;
  rows(): Iterable<StoredRow> | AsyncIterable<StoredRow>;
  /** Resolves when all of it is stored; when it rejects it may be saved again. */
  save(nodes: readonly StoredNode[], rows: readonly StoredRow[]): Promise<void>;
  /** Durably replaces the key of the layers, in shared mode by the leader's. */
  takeLayerKey(layerKey: string): Promise<void>;
  close(): Promise<void>;
}
