/**
 * The embedded store.
 *
 * Key: serial id. Value: the record as arenas hold it, behind a header, so that loading is a copy. The identity and the counts of
 * commits and ids change in the same transaction as the irises; so does the journal, which secret-shared mode has.
 *
 * The file is checked before LMDB maps it, every value by its checksum when it is read, and their number by the head.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { open, type Database, type RootDatabase } from 'lmdb';
import { DamagedStoreError, NotFoundError } from '@irispair/common/errors/errors';
import { makeWritableDirectory } from '@irispair/common/files/directory';
import { serialId } from '@irispair/common/ids/vector-id';
import type { BatchName } from '@irispair/common/parties/batch-name';
import { checkLmdbFile, hasLmdbFile } from '@irispair/common/store/lmdb-file';
import { writeFailure } from '@irispair/common/store/write-failure';
import { openAsOwner, type Ownership } from '@irispair/native/ownership';
import type { EngineCore } from '@irispair/native/engine-types';
import { Census } from './census.js';
import { damagedStore, type DamagedIds } from './damaged-ids.js';
import {
  checkIdentity,
  type IrisStore,
  type LoadObserver,
  type StoreChange,
  type StoredIris,
  type StoreIdentity,
  type WantedIdentity,
} from './iris-store.js';
import {
  damagedHead,
  decodeHead,
  encodeHead,
  newHead,
  RESTORE_REMEDY,
  type StoredHead,
  type StoreHead,
} from './lmdb-head.js';
import { LmdbJournal } from './lmdb-journal.js';
import { decodeValue, encodeValue, ValueForm, type StoredValue, type ValueTerms } from './lmdb-values.js';
import { recordFormOf } from './record-form.js';

const DATABASES: readonly string[] = ['irises', 'head', 'journal'];
/** Some 10 ms of copying. */
const BYTES_A_TURN = 10_000_000;
/** Where all ids are named, when one message names the first. */
const CHECK_HINT = '; `irispair store check` names all that are damaged';
/** Values that gain a checksum in one transaction. */
const SEALED_A_COMMIT = 1_000;

/** What looking at every value of a store found. */
export interface Inspection extends DamagedIds {
  readonly live: number;
  readonly deleted: number;
  /** Sound as far as can be told: they have no checksum. */
  readonly unchecked: number;
}

/** A value as it lies in the store; undefined when it is damaged. */
interface ReadValue {
  readonly serial: number;
  readonly value: StoredValue | undefined;
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
    private readonly heads: Database<StoredHead, string>,
    private head: StoreHead,
  ) {
    // Opening it makes it: in plain mode there is none.
    this.journal = head.mode === 'plain' ? undefined : this.openJournal();
  }

  /**
   * Opens or makes the store in a directory.
   * @throws MisconfiguredError when it cannot be written, another process owns it, or it holds something else
   * @throws DamagedStoreError when its file is not what LMDB wrote
   */
  static async open(directory: string, identity: WantedIdentity): Promise<LmdbIrisStore> {
    await makeWritableDirectory('the iris store', directory);
    return LmdbIrisStore.own(directory, identity);
  }

  /**
   * Opens a store as what it is.
   * @throws NotFoundError when there is none
   * @throws MisconfiguredError when another process owns it
   * @throws DamagedStoreError when its file is not what LMDB wrote
   */
  static async openExisting(directory: string): Promise<LmdbIrisStore> {
    // Before it is owned, which would leave a file in a directory that is none.
    if (!hasLmdbFile(directory)) throw noStore(directory);
    return LmdbIrisStore.own(directory, null);
  }

  private static own(directory: string, identity: WantedIdentity | null): Promise<LmdbIrisStore> {
    return openAsOwner(directory, (ownership) => LmdbIrisStore.openOwned(directory, ownership, identity));
  }

  /** @param identity what it must hold, or null for whatever it holds */
  private static async openOwned(
    directory: string,
    ownership: Ownership,
    identity: WantedIdentity | null,
  ): Promise<LmdbIrisStore> {
    await checkLmdbFile(directory, { flushing: 'each commit', remedy: RESTORE_REMEDY });
    // A commit is answered when it is on disk, so the flush belongs to the transaction. Without batches by event turn
    // every commit that fails is told to the one who waits for it, and to nobody else.
    const root = open({
      path: directory,
      // Or a dot in the directory's name is taken for the extension of a file.
      noSubdir: false,
      maxDbs: DATABASES.length,
      overlappingSync: false,
      eventTurnBatching: false,
    });
    try {
      // The databases of an environment have their names as its keys; those of another kind are left as they are.
      const names = [...root.getKeys()].map(String);
      if (identity === null && !names.includes('head')) throw noStore(directory);
      checkNames(directory, names);
      const irises = root.openDB<Buffer, number>({
        name: 'irises',
        encoding: 'binary',
        keyEncoding: 'uint32',
      });
      const heads = root.openDB<StoredHead, string>({ name: 'head', encoding: 'json' });
      const found = readHead(directory, heads);
      const head = headOf(directory, found, identity, irises);
      const store = new LmdbIrisStore(directory, ownership, root, irises, heads, head);
      if (found?.storeId === undefined)
        await store.write(() => void heads.put('head', encodeHead(store.head)));
      return store;
    } catch (error) {
      await root.close();
      throw error;
    }
  }

  get identity(): StoreIdentity {
    const { mode, party, formatVersion, columns } = this.head;
    return { mode, party, formatVersion, columns };
  }

  get storeId(): string {
    return this.head.storeId;
  }

  get commitCount(): number {
    return this.head.commitCount;
  }

  count(): Promise<number> {
    return Promise.resolve(this.irises.getKeysCount());
  }

  *load(): Generator<StoredIris> {
    const census = new Census(this.head);
    for (const { serial, value } of this.values()) {
      census.count(serial);
      if (value === undefined)
        throw damagedStore(this.directory, { damaged: [serial], missing: [] }, CHECK_HINT);
      yield { id: { serialId: serialId(serial), version: value.version }, record: value.record };
    }
    const missing = census.missing();
    if (missing.length > 0) throw damagedStore(this.directory, { damaged: [], missing });
  }

  /** Looks at every value. */
  async inspect(): Promise<Inspection> {
    const damaged: number[] = [];
    const census = new Census(this.head);
    let [live, deleted, unchecked] = [0, 0, 0];
    for await (const { serial, value } of this.valuesInTurns()) {
      census.count(serial);
      if (value === undefined) damaged.push(serial);
      else if (value.record === null) deleted += 1;
      else live += 1;
      if (value?.form === ValueForm.Unchecked) unchecked += 1;
    }
    return { live, deleted, unchecked, damaged, missing: census.missing() };
  }

  /**
   * Gives every value that has none a checksum; from then on a value without is damaged.
   * @returns how many gained one
   * @throws DamagedStoreError naming ids, nothing changed
   */
  async seal(): Promise<number> {
    const { unchecked, damaged, missing } = await this.inspect();
    if (damaged.length + missing.length > 0) throw damagedStore(this.directory, { damaged, missing });
    let changes: StoreChange[] = [];
    const write = async () => {
      const some = changes;
      changes = [];
      await this.write(() => {
        for (const change of some) void this.irises.put(change.serialId, encodeValue(change));
      });
    };
    for (const { serial, value } of this.values()) {
      if (value?.form !== ValueForm.Unchecked) continue;
      const record = value.record === null ? null : Buffer.from(value.record);
      changes.push({ serialId: serialId(serial), version: value.version, record });
      if (changes.length === SEALED_A_COMMIT) await write();
    }
    await write();
    await this.writeHead({ ...this.head, isSealed: true });
    return unchecked;
  }

  private *values(): Generator<ReadValue> {
    const terms = this.valueTerms;
    for (const { key, value } of this.irises.getRange({ snapshot: false })) {
      yield { serial: key, value: decodeValue(key, value, terms) };
    }
  }

  /** Whoever asks how far this is gets an answer. */
  private async *valuesInTurns(): AsyncGenerator<ReadValue> {
    const valuesATurn = Math.ceil(BYTES_A_TURN / this.valueTerms.recordBytes);
    let read = 0;
    for (const value of this.values()) {
      read += 1;
      if (read % valuesATurn === 0) await nextTurn();
      yield value;
    }
  }

  private get valueTerms(): ValueTerms {
    const leastForm = this.head.isSealed ? ValueForm.Checked : ValueForm.Unchecked;
    return { recordBytes: recordFormOf(this.identity).recordBytes, leastForm };
  }

  private openJournal(): LmdbJournal {
    return LmdbJournal.open(this.root, {
      directory: this.directory,
      recordBytes: recordFormOf(this.identity).recordBytes,
      write: (writes) => this.write(writes),
    });
  }

  onAwayChange(): void {
    // It never changes.
  }

  async loadInto(engine: EngineCore, observer: LoadObserver): Promise<void> {
    observer.begin(this.head.highest);
    const damaged: number[] = [];
    const census = new Census(this.head);
    for await (const { serial, value } of this.valuesInTurns()) {
      census.count(serial);
      if (value === undefined) {
        damaged.push(serial);
        continue;
      }
      const { version, record } = value;
      if (record === null) engine.loadDeleted(serial, version);
      else engine.loadIris(serial, version, record);
      observer.loaded(serial, version, record === null);
    }
    const missing = census.missing();
    if (damaged.length + missing.length > 0) throw damagedStore(this.directory, { damaged, missing });
  }

  async commit(changes: readonly StoreChange[], batch?: BatchName): Promise<void> {
    const next = { ...this.head, ...this.countWith(changes), commitCount: this.head.commitCount + 1 };
    await this.write(() => {
      for (const change of changes) void this.irises.put(change.serialId, encodeValue(change));
      void this.heads.put('head', encodeHead(next));
      if (batch !== undefined) this.journal?.apply(batch);
    });
    this.head = next;
    if (batch !== undefined) this.journal?.applied(batch);
  }

  /** How many ids there are once these are changed. */
  private countWith(changes: readonly StoreChange[]): Pick<StoreHead, 'ids' | 'highest'> {
    const added = changes.filter(({ serialId: serial }) => !this.irises.doesExist(serial));
    const highest = changes.reduce((most, { serialId: serial }) => Math.max(most, serial), this.head.highest);
    return { ids: this.head.ids + added.length, highest };
  }

  private async writeHead(head: StoreHead): Promise<void> {
    await this.write(() => void this.heads.put('head', encodeHead(head)));
    this.head = head;
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

/** A name that is not one of ours was: the table that had it would be made anew, empty. */
function checkNames(directory: string, names: readonly string[]): void {
  const other = names.find((name) => !DATABASES.includes(name));
  if (other === undefined || !names.includes('head')) return;
  throw new DamagedStoreError(directory, `it has a table ${JSON.stringify(other)}`, RESTORE_REMEDY);
}

function readHead(directory: string, heads: Database<StoredHead, string>): StoredHead | undefined {
  try {
    return heads.get('head');
  } catch {
    throw damagedHead(directory);
  }
}

function headOf(
  directory: string,
  found: StoredHead | undefined,
  identity: WantedIdentity | null,
  irises: Database<Buffer, number>,
): StoreHead {
  if (found === undefined) {
    if (identity === null) throw noStore(directory);
    if (irises.getKeysCount() > 0) throw damagedHead(directory);
    return newHead(identity);
  }
  const head = decodeHead(directory, found, () => presentIds(irises));
  if (identity !== null) checkIdentity(directory, head, identity);
  return head;
}

function presentIds(irises: Database<Buffer, number>): Pick<StoreHead, 'ids' | 'highest'> {
  const [highest = 0] = irises.getKeys({ reverse: true, limit: 1 });
  return { ids: irises.getKeysCount(), highest };
}
