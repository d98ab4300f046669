/**
 * The journal of the embedded store: a database in the environment of the irises, so that one transaction changes both.
 *
 * Key 0, which is no serial id: which batches are prepared and applied. Any other key: what the prepared batch makes of that
 * serial id.
 */
import { crc32 } from 'node:zlib';
import type { Database, RootDatabase } from 'lmdb';
import { DamagedStoreError } from '@irispair/common/errors/errors';
import { serialId } from '@irispair/common/ids/vector-id';
import type { BatchName } from '@irispair/common/parties/batch-name';
import {
  alreadyPrepared,
  notPrepared,
  withoutPrepared,
  type BatchJournal,
  type JournalState,
  type StoreChange,
} from './iris-store.js';
import { RESTORE_REMEDY } from './lmdb-head.js';
import { decodeValue, encodeValue, ValueForm } from './lmdb-values.js';

const STATE_KEY = 0;

/** The store that a journal is part of. */
export interface JournalsStore {
  readonly directory: string;
  readonly recordBytes: number;
  /** Runs writes as one durable transaction, all or none. */
  readonly write: (writes: () => void) => Promise<void>;
}

/** As it lies in the journal. Versions before checksums wrote none. */
interface StoredState extends JournalState {
  /** CRC-32 of the JSON of what is before it. */
  readonly check?: number;
}

/** A journal in an environment. */
export class LmdbJournal implements BatchJournal {
  private constructor(
    private readonly entries: Database<Buffer, number>,
    private readonly store: JournalsStore,
    private known: JournalState,
  ) {}

  /** Opens it, empty where there was none. @throws DamagedStoreError when it is not what was written */
  static open(root: RootDatabase, store: JournalsStore): LmdbJournal {
    const entries = root.openDB<Buffer, number>({
      name: 'journal',
      encoding: 'binary',
      keyEncoding: 'uint32',
    });
    const state = entries.get(STATE_KEY);
    const journal = new LmdbJournal(
      entries,
      store,
      state === undefined ? {} : decodeState(state.toString(), store.directory),
    );
    // What cannot be applied is found now, not when the parties settle.
    journal.readAll();
    return journal;
  }

  get state(): JournalState {
    return this.known;
  }

  async prepare(batch: BatchName, changes: readonly StoreChange[]): Promise<void> {
    if (this.known.prepared !== undefined) throw alreadyPrepared();
    const next = { ...this.known, prepared: batch };
    await this.store.write(() => {
      for (const change of changes) void this.entries.put(change.serialId, encodeValue(change));
      this.putState(next);
    });
    this.known = next;
  }

  read(): Promise<StoreChange[]> {
    return Promise.resolve(this.readAll());
  }

  private readAll(): StoreChange[] {
    const { recordBytes, directory } = this.store;
    const changes: StoreChange[] = [];
    for (const { key, value } of this.entries.getRange({ start: STATE_KEY + 1, snapshot: false })) {
      const found = decodeValue(key, Buffer.from(value), { recordBytes, leastForm: ValueForm.Unchecked });
      if (found === undefined) throw damagedJournal(directory, `what is prepared for serial id ${key}`);
      changes.push({ serialId: serialId(key), version: found.version, record: found.record });
    }
    return changes;
  }

  async drop(): Promise<void> {
    const next = withoutPrepared(this.known);
    await this.store.write(() => {
      this.strike(next);
    });
    this.known = next;
  }

  /** Within the transaction that applies it: strikes the prepared batch. @throws ConflictError when it is another */
  apply(batch: BatchName): void {
    if (this.known.prepared !== batch) throw notPrepared(batch);
    this.strike({ applied: batch });
  }

  /** That transaction is durable. */
  applied(batch: BatchName): void {
    this.known = { applied: batch };
  }

  private strike(next: JournalState): void {
    for (const key of [...this.entries.getKeys({ start: STATE_KEY + 1 })]) void this.entries.remove(key);
    this.putState(next);
  }

  private putState(state: JournalState): void {
    void this.entries.put(STATE_KEY, Buffer.from(encodeState(state)));
  }
}

function encodeState(state: JournalState): string {
  const stored: StoredState = { ...state, check: crc32(JSON.stringify(state)) };
  return JSON.stringify(stored);
}

function decodeState(json: string, directory: string): JournalState {
  const { check, ...state } = parseState(json, directory);
  if (check !== undefined && check !== crc32(JSON.stringify(state)))
    throw damagedJournal(directory, 'its state');
  return state;
}

function parseState(json: string, directory: string): StoredState {
  try {
    return JSON.parse(json) as StoredState;
  } catch {
    throw damagedJournal(directory, 'its state');
  }
}

function damagedJournal(directory: string, part: string): DamagedStoreError {
  return new DamagedStoreError(
    directory,
    `the journal of batches is not what was written (${part})`,
    RESTORE_REMEDY,
  );
}
