/**
 * Where irises are kept for good. The gallery in memory is loaded from it and follows it.
 *
 * A store says what it holds; a service configured otherwise is refused.
 */
import type { SerialId, VectorId, Version } from '@irispair/common/ids/vector-id';

/** What a store holds. */
export interface StoreIdentity {
  /** Irises in the clear, or one party's shares. */
  readonly mode: 'plain' | 'shared';
  /** The party whose shares it holds, 0 to 2; null in plain mode. */
  readonly party: number | null;
  /** Version of the record's form. */
  readonly formatVersion: number;
}

/** One stored id with its record, or null when it is deleted. */
export interface StoredIris {
  readonly id: VectorId;
  readonly record: Uint8Array | null;
}

/** A change to one serial id. */
export interface StoreChange {
  readonly serialId: SerialId;
  readonly version: Version;
  /** The new record; null deletes. */
  readonly record: Uint8Array | null;
}

/** Durable irises of one owner. */
export interface IrisStore {
  /** What it holds. */
  readonly identity: StoreIdentity;
  /** Commits since the store was made. */
  readonly commitCount: number;
  /** Ids ever given, deleted ones included. */
  count(): Promise<number>;
  /** Every id ever given, ascending. A record is valid until the next one is asked for. */
  load(): Iterable<StoredIris>;
  /**
   * Applies changes, all or none; resolves once they are durable.
   * @throws ExhaustedError when the disk is full; nothing was changed
   */
  commit(changes: readonly StoreChange[]): Promise<void>;
  close(): Promise<void>;
}
