/**
 * Where irises are kept for good. The gallery in memory is loaded from it and follows it.
 *
 * A store says what it holds; a service configured otherwise is refused.
 */
import { ConflictError, MisconfiguredError } from '@irispair/common/errors/errors';
import { COLUMNS, readColumns, type Columns } from '@irispair/common/iris/shape';
import type { SerialId, VectorId, Version } from '@irispair/common/ids/vector-id';
import { numberOfBatch, type BatchName } from '@irispair/common/parties/batch-name';
import type { EngineCore } from '@irispair/native/engine-types';

/** What a store must hold. */
export interface WantedIdentity {
  /** Irises in the clear, or one party's shares. */
  readonly mode: 'plain' | 'shared';
  /** The party whose shares it holds, 0 to 2; null in plain mode. */
  readonly party: number | null;
  /** Version of the record's form. */
  readonly formatVersion: number;
  /** Columns of every code; undefined for whatever the store says, {@link DEFAULT_COLUMNS} in a new one. */
  readonly columns: Columns | undefined;
}

/** What a store holds. */
export interface StoreIdentity extends WantedIdentity {
  readonly columns: Columns;
}

/** A state of a store: of two with the same identity the one with more commits is the later one. */
export interface StorePoint {
  /** A UUID, drawn when the store is made. Copies of its files have it, too; a store that irises are imported into has its own. */
  readonly storeId: string;
  /** Commits since the store was made. */
  readonly commitCount: number;
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

/** Told while irises are copied into memory. Not one object for each: there are millions. */
export interface LoadObserver {
  /** Before anything else. @param highest the highest serial id */
  begin(highest: number): void;
  /** Each serial id once, in any order. */
  loaded(serialId: number, version: number, deleted: boolean): void;
}

/** What a journal says. */
export interface JournalState {
  /** The batch that was applied last. */
  readonly applied?: BatchName;
  /** The batch that is prepared. */
  readonly prepared?: BatchName;
}

/**
 * Secret-shared mode: where the changes of a batch are written down before the three parties agree on it. One batch is
 * prepared at most. {@link IrisStore.commit} applies it.
 */
export interface BatchJournal {
  /** As far as it is known while the store is away. */
  readonly state: JournalState;
  /**
   * Writes changes down; settles once it is known whether they are durable.
   * @throws ConflictError while another batch is prepared; else as `IrisStore.commit`
   */
  prepare(batch: BatchName, changes: readonly StoreChange[]): Promise<void>;
  /** What is prepared; nothing when nothing is. */
  read(): Promise<StoreChange[]>;
  /** Strikes what is prepared, unapplied; settles and throws as `IrisStore.commit`. */
  drop(): Promise<void>;
}

/** Durable irises of one owner. */
export interface IrisStore extends StorePoint {
  /** What it holds. */
  readonly identity: StoreIdentity;
  /** Undefined in plain mode. */
  readonly journal: BatchJournal | undefined;
  /** Ids ever given, deleted ones included. */
  count(): Promise<number>;
  /** Why commits are refused at present; undefined while they are taken. */
  readonly away: string | undefined;
  /** Calls the listener whenever `away` has changed. */
  onAwayChange(listener: () => void): void;
  /** Every id ever given, ascending. A record is valid until the next one is asked for. */
  load(): Iterable<StoredIris> | AsyncIterable<StoredIris>;
  /**
   * Copies every iris into the arenas.
   * @throws MisconfiguredError naming the row when it holds no iris
   */
  loadInto(engine: EngineCore, observer: LoadObserver): Promise<void>;
  /**
   * Applies changes, all or none; settles once it is known whether they are durable.
   * @param batch that the journal has prepared with these changes: it is struck in the same transaction, and noted as applied
   * @throws ExhaustedError when the disk is full, StoreAwayError when the store is away; nothing was changed
   */
  commit(changes: readonly StoreChange[], batch?: BatchName): Promise<void>;
  close(): Promise<void>;
}

/** The refusal to prepare a batch beside another. */
export function alreadyPrepared(): ConflictError {
  return new ConflictError('another batch is prepared: it is to be applied or dropped first');
}

/** The refusal to apply a batch that is not the prepared one. */
export function notPrepared(batch: BatchName): ConflictError {
  return new ConflictError(`batch ${numberOfBatch(batch)} is not prepared`);
}

/** The state once nothing is prepared any longer. */
export function withoutPrepared({ applied }: JournalState): JournalState {
  return applied === undefined ? {} : { applied };
}

/** The shape that a store says. @throws MisconfiguredError for one that this version does not know */
export function columnsOfStore(place: string, said: number | undefined): Columns {
  const columns = readColumns(said);
  if (columns !== undefined) return columns;
  throw new MisconfiguredError(
    `the store in ${place} holds codes of ${said} columns, this version knows ${COLUMNS.join(' and ')}: run the version that made it`,
  );
}

/** @throws MisconfiguredError naming what a store holds when this service is configured for something else */
export function checkIdentity(place: string, found: StoreIdentity, wanted: WantedIdentity): void {
  for (const field of ['mode', 'party', 'formatVersion'] as const) {
    if (found[field] !== wanted[field]) {
      throw new MisconfiguredError(
        `the store in ${place} holds ${field} ${String(found[field])}, this service is configured for ${String(wanted[field])}: choose another store`,
      );
    }
  }
  if (wanted.columns === undefined || wanted.columns === found.columns) return;
  throw new MisconfiguredError(
    `the store in ${place} holds codes of ${found.columns} columns, this service is configured for ${wanted.columns}: ` +
      `leave IRISPAIR_COLUMNS or --columns out, or give ${found.columns}; or choose another store`,
  );
}
