/**
 * Moves irises from one place to another, in the order of their serial ids.
 *
 * 1. What the target holds already is compared with the source: it must be the source's beginning.
 * 2. The rest follows in batches, each of which is durable before the next one is read.
 *
 * So what was interrupted goes on where it stopped, a target that holds anything else is left as it is, and memory is
 * bounded by one batch.
 */
import { ConflictError } from '@irispair/common/errors/errors';
import type { StoredIris } from '@irispair/iris-service/store/iris-store';

/** Irises ascending by serial id. A record is valid until the next one is asked for. */
export type Irises = Iterable<StoredIris> | AsyncIterable<StoredIris>;

/** Where irises come from. */
export interface Source {
  /** As people call it. */
  readonly name: string;
  irises(): Irises;
}

/** Where irises go. */
export interface Target {
  /** As people call it. */
  readonly name: string;
  /** What is there already; read to its end before anything is appended. */
  present(): Irises;
  /** Resolves once all of them are there for good. */
  append(irises: readonly StoredIris[]): Promise<void>;
}

/** What was moved. */
export interface Moved {
  /** Were there already. */
  readonly present: number;
  readonly appended: number;
  /** Deleted ones among all. */
  readonly deleted: number;
}

/** Told of what happens. */
export interface TransferListener {
  /** One more iris is in the target. */
  step(): void;
  /** What was there is the source's beginning; there is more to append. */
  goingOn(present: number): void;
}

const BATCH_BYTES = 4 << 20;
const BATCH_IRISES = 4_096;

/** @throws ConflictError when the target holds anything but the source's beginning; it was not changed */
export async function transfer(source: Source, target: Target, listener: TransferListener): Promise<Moved> {
  const there = inOrder(target.present());
  try {
    return await transferAfter(there, source, target, listener);
  } finally {
    // What is not read to its end may hold a connection.
    await there.return(undefined);
  }
}

async function transferAfter(
  there: AsyncGenerator<StoredIris>,
  source: Source,
  target: Target,
  listener: TransferListener,
): Promise<Moved> {
  const batch = new Batch(target);
  const moved = { present: 0, appended: 0, deleted: 0 };
  let isComparing = true;
  try {
    for await (const iris of source.irises()) {
      if (isComparing) {
        const next = await there.next();
        if (next.done === true) {
          isComparing = false;
          if (moved.present > 0) listener.goingOn(moved.present);
        } else {
          checkEqual(source, target, iris, next.value);
          moved.present += 1;
        }
      }
      if (!isComparing) {
        await batch.add(iris);
        moved.appended += 1;
      }
      if (iris.record === null) moved.deleted += 1;
      listener.step();
    }
  } catch (error) {
    // What the source gave before it failed is sound: the next attempt goes on after it.
    await batch.flush();
    throw error;
  }
  if (isComparing) {
    const more = await there.next();
    if (more.done !== true) throw otherwise(source, target, more.value.id.serialId);
  }
  await batch.flush();
  return moved;
}

async function* inOrder(irises: Irises): AsyncGenerator<StoredIris> {
  yield* irises;
}

/** Irises that are appended together. */
class Batch {
  private irises: StoredIris[] = [];
  private bytes = 0;

  constructor(private readonly target: Target) {}

  async add({ id, record }: StoredIris): Promise<void> {
    this.irises.push({ id, record: record === null ? null : Uint8Array.from(record) });
    this.bytes += record?.byteLength ?? 0;
    if (this.bytes >= BATCH_BYTES || this.irises.length >= BATCH_IRISES) await this.flush();
  }

  async flush(): Promise<void> {
    const { irises } = this;
    // Forgotten first: what the target did not take is not offered again.
    this.irises = [];
    this.bytes = 0;
    if (irises.length > 0) await this.target.append(irises);
  }
}

function checkEqual(source: Source, target: Target, wanted: StoredIris, found: StoredIris): void {
  const isEqual =
    wanted.id.serialId === found.id.serialId &&
    wanted.id.version === found.id.version &&
    (wanted.record === null || found.record === null
      ? wanted.record === found.record
      : Buffer.compare(wanted.record, found.record) === 0);
  if (!isEqual) throw otherwise(source, target, Math.min(wanted.id.serialId, found.id.serialId));
}

function otherwise(source: Source, target: Target, serial: number): ConflictError {
  return new ConflictError(
    `serial id ${serial} is not in ${target.name} as it is in ${source.name}: only an empty target, or one that holds ` +
      'the beginning of the same source, can be filled; choose another one. Nothing was changed',
  );
}
