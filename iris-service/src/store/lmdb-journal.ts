/**
 * The journal of the embedded store: a database in the environment of the irises, so that one transaction changes both.
 *
 * Key 0, which is no serial id: which batches are prepared and applied. Any other key: what the prepared batch makes of that
 * serial id.
 */
import type { Database, RootDatabase } from 'lmdb';
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
import { decodeValue, encodeValue } from './lmdb-values.js';

const STATE_KEY = 0;

/** Runs writes as one durable transaction, all or none. */
type Write = (writes: () => void) => Promise<void>;

/** A journal in an environment. */
export class LmdbJournal implements BatchJournal {
  private constructor(
    private readonly entries: Database<Buffer, number>,
    private readonly write: Write,
    private known: JournalState,
  ) {}

  /** Opens it, empty where there was none. */
  static open(root: RootDatabase, write: Write): LmdbJournal {
    const entries = root.openDB<Buffer, number>({
      name: 'journal',
      encoding: 'binary',
      keyEncoding: 'uint32',
    });
    const state = entries.get(STATE_KEY);
    return new LmdbJournal(
      entries,
      write,
      state === undefined ? {} : (JSON.parse(state.toString()) as JournalState),
    );
  }

  get state(): JournalState {
    return this.known;
  }

  async prepare(batch: BatchName, changes: readonly StoreChange[]): Promise<void> {
    if (this.known.prepared !== undefined) throw alreadyPrepared();
    const next = { ...this.known, prepared: batch };
    await this.write(() => {
      for (const change of changes) void this.entries.put(change.serialId, encodeValue(change));
      this.putState(next);
    });
    this.known = next;
  }

  read(): Promise<StoreChange[]> {
    const changes: StoreChange[] = [];
    for (const { key, value } of this.entries.getRange({ start: STATE_KEY + 1, snapshot: false })) {
      changes.push({ serialId: serialId(key), ...decodeValue(Buffer.from(value)) });
    }
    return Promise.resolve(changes);
  }

  async drop(): Promise<void> {
    const next = withoutPrepared(this.known);
    await this.write(() => {
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
    void this.entries.put(STATE_KEY, Buffer.from(JSON.stringify(state)));
  }
}
