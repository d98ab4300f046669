/**
 * The irises in memory and in the store, kept equal.
 *
 * Loading copies every record from the store into the arenas. Commits are taken in groups: while the store writes one, the
 * next gather. Each commit of a group is checked whole; slots are reserved for those that pass, the store makes them
 * durable at once, and only then they are published to searches.
 */
import { EventEmitter } from 'node:events';
import {
  ConflictError,
  ExhaustedError,
  InvalidInputError,
  NotFoundError,
  RefusedChangeError,
  StoreAwayError,
  UnavailableError,
} from '@irispair/common/errors/errors';
import {
  serialId,
  version,
  type SerialId,
  type VectorId,
  type Version,
} from '@irispair/common/ids/vector-id';
import { numberOfBatch, type BatchName } from '@irispair/common/parties/batch-name';
import { Turns } from '@irispair/common/process/turns';
import { SpanKind } from '@irispair/common/traces/span';
import { SpanGroup } from '@irispair/common/traces/span-group';
import { nativeErrorCode } from '@irispair/native/engine';
import type { EngineCore, QueryHandle } from '@irispair/native/engine-types';
import type { IrisStore, StoreChange } from '../store/iris-store.js';
import type { LoadProgress } from '../telemetry/load-progress.js';

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

/** Whoever waits. */
interface Rejectable {
  readonly reject: (error: unknown) => void;
}

/** A commit that waits for its turn, and whoever waits for it. */
interface Waiting extends Rejectable {
  readonly wanted: readonly WantedChange[];
  readonly traces: SpanGroup;
  readonly resolve: (ids: VectorId[]) => void;
}

/** A commit that passed the check. */
interface Admitted {
  readonly waiting: Waiting;
  readonly changes: readonly StoreChange[];
}

/** How long callers wait. */
interface Patience {
  readonly timer: NodeJS.Timeout;
  readonly ended: () => boolean;
}

/** Changes of one transaction at most, unless a single commit has more. */
const MOST_CHANGES_TOGETHER = 4_096;
/** A commit is answered within this of being begun. What is stored later is published then. */
const PATIENCE_MILLISECONDS = 5_000;

/** The irises of this service. */
export class Gallery {
  /** `late`: a commit was stored whose callers were told that nobody knows. `away`: the store came or went. */
  readonly events = new EventEmitter<{ late: []; away: [] }>();
  /** By serial id; index 0 is never used. */
  private readonly versions: (Version | undefined)[] = [undefined];
  private readonly deleted = new Set<SerialId>();
  private readonly turns = new Turns();
  private readonly waiting: Waiting[] = [];
  private isSilent = false;

  constructor(
    private readonly engine: EngineCore,
    private readonly store: IrisStore,
  ) {
    // One listener for each session, however many there are.
    this.events.setMaxListeners(0);
    store.onAwayChange(() => {
      this.heedStore();
    });
  }

  /** Copies every stored iris into the arenas. @throws ExhaustedError when they do not fit */
  async load(progress: LoadProgress): Promise<void> {
    try {
      await this.store.loadInto(this.engine, {
        begin: (highest) => {
          progress.begin(highest);
          // Irises come in any order: a long array that is filled from the middle would become a map.
          while (this.versions.length <= highest) this.versions.push(undefined);
        },
        loaded: (serial, count, isDeleted) => {
          this.note({ serialId: serialId(serial), version: version(count) }, isDeleted);
          progress.step();
        },
      });
      progress.end();
    } catch (error) {
      throw asExhausted(error);
    }
  }

  /** Why commits are refused at present; undefined while they are taken. */
  get storeAway(): string | undefined {
    return this.store.away ?? (this.isSilent ? 'it does not answer' : undefined);
  }

  get storeId(): string {
    return this.store.storeId;
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
   * @throws ConflictError, NotFoundError, ExhaustedError, InvalidInputError or StoreAwayError, nothing changed; of
   * ConflictError a RefusedChangeError when the database refuses these changes, and not those that go with them;
   * UnavailableError when nobody knows yet
   * @param traces who traces it
   */
  commit(wanted: readonly WantedChange[], traces: SpanGroup = SpanGroup.NONE): Promise<VectorId[]> {
    const { storeAway } = this;
    if (storeAway !== undefined) return Promise.reject(awayError(storeAway));
    return new Promise((resolve, reject) => {
      this.waiting.push({ wanted, traces, resolve, reject });
      void this.turns.take(() => this.commitWaiting());
    });
  }

  /**
   * Does something with the store when all before it has ended, and waits as long as for a commit: what happens later is told
   * by `late`.
   * @throws StoreAwayError while the store is away; UnavailableError when nobody knows yet; what the work throws
   */
  inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const { storeAway } = this;
    if (storeAway !== undefined) return Promise.reject(awayError(storeAway));
    return new Promise((resolve, reject) => {
      void this.turns.take(async () => {
        const patience = this.beginPatience([{ reject }]);
        await work().then(resolve, reject);
        clearTimeout(patience.timer);
        this.setSilent(false);
        if (patience.ended()) this.events.emit('late');
      });
    });
  }

  /** Resolves when all that was begun before has ended. */
  settled(): Promise<void> {
    return this.turns.take(() => Promise.resolve());
  }

  /** What changes would make of what is stored. @throws as {@link commit} */
  plan(wanted: readonly WantedChange[]): StoreChange[] {
    return this.check(wanted, { highest: this.highest, touched: new Set() });
  }

  /** Reserves slots for changes. @throws ExhaustedError when there are none */
  async reserve(changes: readonly StoreChange[]): Promise<void> {
    try {
      await this.engine.reserve(slotsOf(changes));
    } catch (error) {
      throw asExhausted(error);
    }
  }

  /** Gives reserved slots back. */
  unreserve(changes: readonly StoreChange[]): void {
    this.engine.unreserve(slotsOf(changes));
  }

  /**
   * Applies a prepared batch whose slots are reserved; resolves to the new ids once they are durable and visible.
   * @throws ConflictError when the changes do not follow what is stored, or the batch is not prepared; otherwise as `IrisStore.commit`
   */
  async apply(batch: BatchName, changes: readonly StoreChange[], traces: SpanGroup): Promise<VectorId[]> {
    for (const { serialId: serial, version: count } of changes) {
      if (count === (this.versions[serial] ?? -1) + 1) continue;
      throw new ConflictError(
        `batch ${numberOfBatch(batch)} would make serial id ${serial} version ${count}, but the store was changed otherwise meanwhile`,
      );
    }
    await traces.watch('store', SpanKind.Internal, () => this.store.commit(changes, batch), {
      'irispair.store.changes': changes.length,
    });
    return changes.map((change) => this.publish(change));
  }

  /**
   * Stores what waits, as one. Whatever happens is told to those who wait for it.
   * @param most commits that go together
   */
  private async commitWaiting(most = Infinity): Promise<void> {
    const admitted = this.admitWaiting(most);
    const changes = admitted.flatMap((one) => one.changes);
    if (changes.length === 0) return;
    const waiting = admitted.map((one) => one.waiting);
    const slots = slotsOf(changes);
    try {
      await this.engine.reserve(slots);
    } catch (error) {
      if (waiting.length === 1) this.rejectAll(waiting, asExhausted(error));
      else await this.commitApart(waiting);
      return;
    }
    const patience = this.beginPatience(waiting);
    let failure: unknown;
    try {
      await SpanGroup.merge(waiting.map(({ traces }) => traces)).watch(
        'store',
        SpanKind.Internal,
        () => this.store.commit(changes),
        { 'irispair.store.changes': changes.length },
      );
    } catch (error) {
      failure = error;
    }
    clearTimeout(patience.timer);
    this.setSilent(false);
    if (failure !== undefined) {
      this.engine.unreserve(slots);
      // Only one of them may be to blame.
      const isShared = failure instanceof RefusedChangeError && waiting.length > 1 && !patience.ended();
      if (isShared) await this.commitApart(waiting);
      else this.rejectAll(waiting, failure);
      return;
    }
    for (const { waiting: caller, changes: own } of admitted) this.publishFor(caller, own);
    if (patience.ended()) this.events.emit('late');
  }

  /** Those that do not fit together: each is stored, or refused, by itself. */
  private async commitApart(waiting: readonly Waiting[]): Promise<void> {
    this.waiting.unshift(...waiting);
    for (let left = waiting.length; left > 0; left--) await this.commitWaiting(1);
  }

  private publishFor({ resolve, reject }: Waiting, changes: readonly StoreChange[]): void {
    try {
      resolve(changes.map((change) => this.publish(change)));
    } catch (error) {
      reject(error);
    }
  }

  /** While the store is silent nothing is begun: those who wait are told at once, and so are those who come. */
  private setSilent(isSilent: boolean): void {
    if (this.isSilent === isSilent) return;
    this.isSilent = isSilent;
    this.heedStore();
  }

  private heedStore(): void {
    const { storeAway } = this;
    // None of these has been begun.
    if (storeAway !== undefined) this.rejectAll(this.waiting.splice(0), awayError(storeAway));
    this.events.emit('away');
  }

  /** Answers those who wait when the store has not done so in time. */
  private beginPatience(waiting: readonly Rejectable[]): Patience {
    let ended = false;
    const timer = setTimeout(() => {
      ended = true;
      this.setSilent(true);
      const seconds = PATIENCE_MILLISECONDS / 1_000;
      this.rejectAll(
        waiting,
        new UnavailableError(
          `the store did not answer within ${seconds} s, whether this is stored is not known yet: try again later`,
        ),
      );
    }, PATIENCE_MILLISECONDS);
    return { timer, ended: () => ended };
  }

  /** Takes the first of those who wait, as many as go together, and refuses those that do not pass. */
  private admitWaiting(most: number): Admitted[] {
    const admitted: Admitted[] = [];
    const planned: Planned = { highest: this.highest, touched: new Set() };
    for (let changes = 0; changes < MOST_CHANGES_TOGETHER && admitted.length < most;) {
      const waiting = this.waiting.at(0);
      // One that builds on another waits until that one is stored.
      if (waiting === undefined || buildsOn(planned.touched, waiting.wanted)) break;
      this.waiting.shift();
      try {
        const one = { waiting, changes: this.check(waiting.wanted, planned) };
        admitted.push(one);
        changes += one.changes.length;
        for (const { serialId: serial } of one.changes) {
          planned.touched.add(serial);
          planned.highest = Math.max(planned.highest, serial);
        }
      } catch (error) {
        waiting.reject(error);
      }
    }
    return admitted;
  }

  private rejectAll(waiting: readonly Rejectable[], error: unknown): void {
    for (const { reject } of waiting) reject(error);
  }

  /** @param planned what commits before this one in its group will have changed */
  private check(wanted: readonly WantedChange[], planned: Planned): StoreChange[] {
    const touched = new Set<number>();
    let { highest } = planned;
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

/** What the commits of a group change that come before the one being checked. */
interface Planned {
  highest: number;
  readonly touched: Set<number>;
}

/** Slots that changes take in the arenas. */
function slotsOf(changes: readonly StoreChange[]): number {
  return changes.filter(({ record }) => record !== null).length;
}

function buildsOn(touched: ReadonlySet<number>, wanted: readonly WantedChange[]): boolean {
  return wanted.some((change) => change.kind !== 'insert' && touched.has(change.expected.serialId));
}

function awayError(reason: string): StoreAwayError {
  return new StoreAwayError(`the store takes no changes at present: ${reason}`);
}

function asExhausted(error: unknown): unknown {
  return nativeErrorCode(error) === 'CAPACITY_EXHAUSTED'
    ? new ExhaustedError(`the arenas are full, nothing was stored: ${(error as Error).message}`, {
        cause: error,
      })
    : error;
}
