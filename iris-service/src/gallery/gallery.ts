/**
 * The irises in memory and in the store, kept equal.
 *
 * Loading copies every record from the store into the arenas. A commit is checked whole, its slots are reserved, the
 * store makes it durable, and only then it is published to searches. Commits go one after the other.
 */
import {
  ConflictError,
  ExhaustedError,
  InvalidInputError,
  NotFoundError,
} from '@irispair/common/errors/errors';
import {
  serialId,
  version,
  type SerialId,
  type VectorId,
  type Version,
} from '@irispair/common/ids/vector-id';
import type { Logger } from '@irispair/common/log/logger';
import { Turns } from '@irispair/common/process/turns';
import { nativeErrorCode } from '@irispair/native/engine';
import type { IrisEngine, QueryHandle } from '@irispair/native/engine-types';
import type { IrisStore, StoreChange } from '../store/iris-store.js';

/** A wanted change, ids not yet checked. */
export type WantedChange =
  | { readonly kind: 'insert'; readonly query: QueryHandle; readonly serialId: number }
  | { readonly kind: 'update'; readonly query: QueryHandle; readonly expected: VectorId }
  | { readonly kind: 'delete'; readonly expected: VectorId };

/** What is known under a serial id. */
export interface RegistryEntry {
  readonly id: VectorId;
  readonly deleted: boolean;
}

const PROGRESS_EVERY = 100_000;

/** The irises of this service. */
export class Gallery {
  /** By serial id; index 0 is never used. */
  private readonly versions: (Version | undefined)[] = [undefined];
  private readonly deleted = new Set<SerialId>();
  private readonly turns = new Turns();

  constructor(
    private readonly engine: IrisEngine,
    private readonly store: IrisStore,
  ) {}

  /** Copies every stored iris into the arenas. @throws ExhaustedError when they do not fit */
  load(logger: Logger): void {
    for (const { id, record } of this.store.load()) {
      if (record === null) this.engine.loadDeleted(id.serialId, id.version);
      else this.loadOne(id, record);
      this.note(id, record === null);
      if (id.serialId % PROGRESS_EVERY === 0) logger.info({ loaded: id.serialId }, 'loading irises');
    }
  }

  private loadOne(id: VectorId, record: Uint8Array): void {
    try {
      this.engine.loadIris(id.serialId, id.version, record);
    } catch (error) {
      throw asExhausted(error);
    }
  }

  get commitCount(): number {
    return this.store.commitCount;
  }

  /** The highest serial id ever given; 0 when none. */
  get highest(): number {
    return this.versions.length - 1;
  }

  /** People enrolled and not deleted. */
  get live(): number {
    return this.highest - this.deleted.size;
  }

  /** Every id from a serial id on, ascending. */
  *entries(from: number): Generator<RegistryEntry> {
    for (let serial = Math.max(1, from); serial < this.versions.length; serial++) {
      const current = this.versions[serial];
      if (current === undefined) continue;
      const id = { serialId: serialId(serial), version: current };
      yield { id, deleted: this.deleted.has(id.serialId) };
    }
  }

  /** The current record. @throws NotFoundError for an unknown or deleted serial id */
  read(serial: SerialId): { id: VectorId; record: Uint8Array } {
    const iris = this.engine.readIris(serial);
    if (iris === null)
      throw new NotFoundError(
        `serial id ${serial} ${this.deleted.has(serial) ? 'was deleted' : 'is unknown'}`,
      );
    return { id: { serialId: serial, version: version(iris.version) }, record: iris.record };
  }

  /**
   * Applies changes, all or none; resolves to the new ids once they are durable and visible.
   * @throws ConflictError, NotFoundError, ExhaustedError or InvalidInputError, nothing changed
   */
  commit(wanted: readonly WantedChange[]): Promise<VectorId[]> {
    return this.turns.take(() => this.commitNow(wanted));
  }

  private async commitNow(wanted: readonly WantedChange[]): Promise<VectorId[]> {
    const changes = this.check(wanted);
    const slots = changes.filter(({ record }) => record !== null).length;
    await this.engine.reserve(slots).catch((error: unknown) => {
      throw asExhausted(error);
    });
    try {
      await this.store.commit(changes);
    } catch (error) {
      this.engine.unreserve(slots);
      throw error;
    }
    return changes.map((change) => this.publish(change));
  }

  private check(wanted: readonly WantedChange[]): StoreChange[] {
    const touched = new Set<number>();
    let highest = this.highest;
    return wanted.map((change, index) => {
      const serial = change.kind === 'insert' ? change.serialId : change.expected.serialId;
      if (touched.has(serial)) {
        throw new InvalidInputError(
          `changes[${index}]`,
          `serial id ${serial} is changed twice: send one change for each`,
        );
      }
      touched.add(serial);
      if (change.kind === 'insert') {
        highest += 1;
        if (serial !== highest) {
          throw new ConflictError(`the next serial id is ${highest}, not ${serial}: read the registry again`);
        }
        return {
          serialId: serialId(serial),
          version: version(0),
          record: this.recordOf(change.query, index),
        };
      }
      this.checkExpected(change.expected);
      const next = version(change.expected.version + 1);
      return {
        serialId: change.expected.serialId,
        version: next,
        record: change.kind === 'update' ? this.recordOf(change.query, index) : null,
      };
    });
  }

  private checkExpected({ serialId: serial, version: expected }: VectorId): void {
    const current = this.versions[serial];
    if (current === undefined) throw new NotFoundError(`serial id ${serial} is unknown`);
    if (this.deleted.has(serial)) throw new NotFoundError(`serial id ${serial} was deleted`);
    if (current !== expected) {
      throw new ConflictError(
        `serial id ${serial} has version ${current}, not ${expected}: read the registry again`,
      );
    }
  }

  private recordOf(query: QueryHandle, index: number): Buffer {
    try {
      return this.engine.recordOfQuery(query);
    } catch (error) {
      if (nativeErrorCode(error) !== 'UNKNOWN_QUERY') throw error;
      throw new NotFoundError(
        `changes[${index}].query_handle: query ${query} was released or has expired: prepare it again`,
      );
    }
  }

  /** Publishes the very record that was stored: the query may be gone by now. */
  private publish({ serialId: serial, version: count, record }: StoreChange): VectorId {
    const id = { serialId: serial, version: count };
    if (record === null) this.engine.erase(serial, count);
    else this.engine.publish(serial, count, record);
    this.note(id, record === null);
    return id;
  }

  private note({ serialId: serial, version: count }: VectorId, isDeleted: boolean): void {
    this.versions[serial] = count;
    if (isDeleted) this.deleted.add(serial);
  }
}

function asExhausted(error: unknown): unknown {
  return nativeErrorCode(error) === 'CAPACITY_EXHAUSTED'
    ? new ExhaustedError(`the arenas are full, nothing was stored: ${(error as Error).message}`, {
        cause: error,
      })
    : error;
}
