/** The current version of every serial id, as this service knows it. */
import { NotFoundError } from '@irispair/common/errors/errors';
import { serialId, type SerialId, type VectorId } from '@irispair/common/ids/vector-id';
import { NO_SUM, registryEntry, type Sum } from '../agreement/checksum.js';
import type { RegisteredIris } from './registered-iris.js';

/** A point in the history of the registry. */
export interface Moment {
  /** Replacements and deletions before. */
  readonly changes: number;
  /** The highest serial id then. */
  readonly highest: number;
}

/** Changed ids that are remembered: those that are asked about changed within minutes. */
const MOST_CHANGES = 65_536;

/** Ids of the iris service. */
export class Registry {
  private readonly bySerial: (RegisteredIris | undefined)[] = [undefined];
  private deleted = 0;
  private changes = 0;
  /** Changes that are not remembered. */
  private forgotten = 0;
  /** The last change of a serial id, the latest last. */
  private readonly lastChange = new Map<number, number>();

  /** @param sum told of every change */
  constructor(private readonly sum: Sum = NO_SUM) {}

  /** Replaces everything. */
  reset(entries: readonly RegisteredIris[]): void {
    this.bySerial.length = 1;
    this.sum.clear();
    this.deleted = 0;
    for (const entry of entries) this.set(entry);
    this.changes += 1;
    this.forgotten = this.changes;
    this.lastChange.clear();
  }

  set(entry: RegisteredIris): void {
    const before = this.bySerial[entry.id.serialId];
    this.sum.change(
      () => (before === undefined ? undefined : registryEntry(before)),
      () => registryEntry(entry),
    );
    this.bySerial[entry.id.serialId] = entry;
    this.deleted += Number(entry.deleted) - Number(before?.deleted ?? false);
    if (before !== undefined) this.noteChange(entry.id.serialId);
  }

  /** Now, to be asked about later. */
  moment(): Moment {
    return { changes: this.changes, highest: this.highest };
  }

  /** Whether anything can be said of a moment: not once the registry was read anew, or too much has changed. */
  remembers({ changes }: Moment): boolean {
    return changes >= this.forgotten;
  }

  /** Whether an id was current at a moment that is remembered, and is so now. */
  isCurrentSince(id: VectorId, moment: Moment): boolean {
    return (
      id.serialId <= moment.highest &&
      this.find(id.serialId)?.version === id.version &&
      (this.lastChange.get(id.serialId) ?? 0) <= moment.changes
    );
  }

  private noteChange(serial: number): void {
    this.changes += 1;
    this.lastChange.delete(serial);
    this.lastChange.set(serial, this.changes);
    if (this.lastChange.size <= MOST_CHANGES) return;
    for (const [oldest, change] of this.lastChange) {
      this.lastChange.delete(oldest);
      this.forgotten = change;
      return;
    }
  }

  /** Every id ever given, ascending. */
  all(): RegisteredIris[] {
    return this.bySerial.filter((entry) => entry !== undefined);
  }

  /** The highest serial id; 0 when none. */
  get highest(): number {
    return this.bySerial.length - 1;
  }

  /** People enrolled and not deleted. */
  get live(): number {
    return this.highest - this.deleted;
  }

  /** The serial id that the next enrolment gets. */
  get next(): SerialId {
    return serialId(this.highest + 1);
  }

  /** What is known of a serial id. */
  entry(serial: number): RegisteredIris | undefined {
    return this.bySerial[serial];
  }

  /** The current id, or undefined when unknown or deleted. */
  find(serial: number): VectorId | undefined {
    const entry = this.bySerial[serial];
    return entry === undefined || entry.deleted ? undefined : entry.id;
  }

  /** @throws NotFoundError when unknown or deleted */
  get(serial: SerialId): VectorId {
    const entry = this.bySerial[serial];
    if (entry === undefined)
      throw new NotFoundError(`serial_id: ${serial} is unknown, the highest is ${this.highest}`);
    if (entry.deleted) throw new NotFoundError(`serial_id: ${serial} was deleted`);
    return entry.id;
  }
}
