/** The current version of every serial id, as this service knows it. */
import { NotFoundError } from '@irispair/common/errors/errors';
import { serialId, type SerialId, type VectorId } from '@irispair/common/ids/vector-id';
import type { RegisteredIris } from '../index/graph-index.js';

/** Ids of the iris service. */
export class Registry {
  private readonly bySerial: (RegisteredIris | undefined)[] = [undefined];
  private deleted = 0;

  /** Replaces everything. */
  reset(entries: readonly RegisteredIris[]): void {
    this.bySerial.length = 1;
    this.deleted = 0;
    for (const entry of entries) this.set(entry);
  }

  set(entry: RegisteredIris): void {
    const before = this.bySerial[entry.id.serialId];
    this.bySerial[entry.id.serialId] = entry;
    this.deleted += Number(entry.deleted) - Number(before?.deleted ?? false);
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
