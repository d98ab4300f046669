/**
 * The embedded store.
 *
 * Key: serial id. Value: the record as arenas hold it, behind a header, so that loading is a copy. The identity and the count of
 * commits change in the same transaction as the irises; so does the journal, which secret-shared mode has.
 */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { open, type Database, type RootDatabase } from 'lmdb';
import { NotFoundError } from '@irispair/common/errors/errors';
import { makeWritableDirectory } from '@irispair/common/files/directory';
import { serialId } from '@irispair/common/ids/vector-id';
import type { BatchName } from '@irispair/common/parties/batch-name';
import { writeFailure } from '@irispair/common/store/write-failure';
import { openAsOwner, type Ownership } from '@irispair/native/ownership';
import type { EngineCore } from '@irispair/native/engine-types';
import {
  checkIdentity,
  type IrisStore,
  type LoadObserver,
  type StoreChange,
  type StoredIris,
  type StoreIdentity,
} from './iris-store.js';
import { LmdbJournal } from './lmdb-journal.js';
import { decodeValue, encodeValue } from './lmdb-values.js';
import { recordFormOf } from './record-form.js';

/** What LMDB calls the file of an environment. */
const DATA_FILE = 'data.mdb';
/** Irises, head and journal. */
const DATABASES = 3;
/** Some 10 ms of copying. */
const BYTES_A_TURN = 10_000_000;

interface StoreHead extends StoreIdentity {
  readonly commitCount: number;
}

/** Irises in one LMDB environment. */
export class LmdbIrisStore implements IrisStore {
  /** It is where the service is. */
  readonly away = undefined;
  readonly journal: LmdbJournal | undefined;

  private constructor(
    private readonly directory: string,
    private readonly ownership: Ownership,
    private readonly root: RootDatabase,
    private readonly irises: Database<Buffer, number>,
    private readonly heads: Database<StoreHead, string>,
    private head: StoreHead,
  ) {
    // Opening it makes it: in plain mode there is none.
    this.journal = head.mode === 'plain' ? undefined : LmdbJournal.open(root, (writes) => this.write(writes));
  }

  /**
   * Opens or makes the store in a directory.
   * @throws MisconfiguredError when it cannot be written, another process owns it, or it holds something else
   */
  static async open(directory: string, identity: StoreIdentity): Promise<LmdbIrisStore> {
    await makeWritableDirectory('the iris store', directory);
    return LmdbIrisStore.own(directory, identity);
  }

  /**
   * Opens a store as what it is.
   * @throws NotFoundError when there is none
   * @throws MisconfiguredError when another process owns it
   */
  static async openExisting(directory: string): Promise<LmdbIrisStore> {
    try {
      await access(join(directory, DATA_FILE));
    } catch (error) {
      throw noStore(directory, error);
    }
    return LmdbIrisStore.own(directory, null);
  }

  private static own(directory: string, identity: StoreIdentity | null): Promise<LmdbIrisStore> {
    return openAsOwner(directory, (ownership) => LmdbIrisStore.openOwned(directory, ownership, identity));
  }

  /** @param identity what it must hold, or null for whatever it holds */
  private static async openOwned(
    directory: string,
    ownership: Ownership,
    identity: StoreIdentity | null,
  ): Promise<LmdbIrisStore> {
    // A commit is answered when it is on disk, so the flush belongs to the transaction. Without batches by event turn
    // every commit that fails is told to the one who waits for it, and to nobody else.
    const root = open({
      path: directory,
      maxDbs: DATABASES,
      overlappingSync: false,
      eventTurnBatching: false,
    });
    try {
      // The databases of an environment have their names as its keys; those of another kind are left as they are.
      if (identity === null && ![...root.getKeys()].includes('head')) throw noStore(directory);
      const irises = root.openDB<Buffer, number>({
        name: 'irises',
        encoding: 'binary',
        keyEncoding: 'uint32',
      });
      const heads = root.openDB<StoreHead, string>({ name: 'head', encoding: 'json' });
      const found = heads.get('head');
      const head = headOf(directory, found, identity);
      const store = new LmdbIrisStore(directory, ownership, root, irises, heads, head);
      if (found === undefined) await store.write(() => void heads.put('head', store.head));
      return store;
    } catch (error) {
      await root.close();
      throw error;
    }
  }

  get identity(): StoreIdentity {
    const { mode, party, formatVersion } = this.head;
    return { mode, party, formatVersion };
  }

  get commitCount(): number {
    return this.head.commitCount;
  }

  count(): Promise<number> {
    return Promise.resolve(this.irises.getKeysCount());
  }

  *load(): Generator<StoredIris> {
    for (const { key, value } of this.irises.getRange({ snapshot: false })) {
      const { version, record } = decodeValue(value);
      yield { id: { serialId: serialId(key), version }, record };
    }
  }

  onAwayChange(): void {
    // It never changes.
  }

  async loadInto(engine: EngineCore, observer: LoadObserver): Promise<void> {
    const [highest = 0] = this.irises.getKeys({ reverse: true, limit: 1 });
    observer.begin(highest);
    const irisesATurn = Math.ceil(BYTES_A_TURN / recordFormOf(this.identity).recordBytes);
    let copied = 0;
    for (const { id, record } of this.load()) {
      copied += 1;
      // Whoever asks how far this is gets an answer.
      if (copied % irisesATurn === 0) await nextTurn();
      if (record === null) engine.loadDeleted(id.serialId, id.version);
      else engine.loadIris(id.serialId, id.version, record);
      observer.loaded(id.serialId, id.version, record === null);
    }
  }

  async commit(changes: readonly StoreChange[], batch?: BatchName): Promise<void> {
    const next = { ...this.head, commitCount: this.head.commitCount + 1 };
    await this.write(() => {
      for (const change of changes) void this.irises.put(change.serialId, encodeValue(change));
      void this.heads.put('head', next);
      if (batch !== undefined) this.journal?.apply(batch);
    });
    this.head = next;
    if (batch !== undefined) this.journal?.applied(batch);
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

function noStore(directory: string, cause?: unknown): NotFoundError {
  return new NotFoundError(`there is no iris store in ${directory}: name the directory of one`, { cause });
}

function headOf(directory: string, found: StoreHead | undefined, identity: StoreIdentity | null): StoreHead {
  if (found === undefined) {
    if (identity === null) throw noStore(directory);
    return { ...identity, commitCount: 0 };
  }
  if (identity !== null) checkIdentity(directory, found, identity);
  return found;
}
