/** Iris stores as the ends of a transfer, opened as their owner. */
import { resolve } from 'node:path';
import { MisconfiguredError, NotFoundError } from '@irispair/common/errors/errors';
import type { IrisStore, StoredIris, StoreIdentity } from '@irispair/iris-service/store/iris-store';
import { LmdbIrisStore } from '@irispair/iris-service/store/lmdb-iris-store';
import type { Irises, Source, Target } from './transfer.js';

/** A store that is there. */
export class StorePlace implements Source, Target {
  private constructor(
    readonly name: string,
    private readonly store: IrisStore,
  ) {}

  /** @throws NotFoundError when there is none; MisconfiguredError when a service runs on it */
  static async open(place: string): Promise<StorePlace> {
    return new StorePlace(nameOf(place), await LmdbIrisStore.openExisting(place));
  }

  /** Opens a store to fill; makes it when there is none. @throws MisconfiguredError when it holds something else */
  static async openFor(place: string, identity: StoreIdentity): Promise<StorePlace> {
    try {
      const there = await StorePlace.open(place);
      try {
        checkKind(there, identity);
        return there;
      } catch (error) {
        await there.close();
        throw error;
      }
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      return new StorePlace(nameOf(place), await LmdbIrisStore.open(place, identity));
    }
  }

  get identity(): StoreIdentity {
    return this.store.identity;
  }

  count(): Promise<number> {
    return this.store.count();
  }

  irises(): Irises {
    return this.store.load();
  }

  present(): Irises {
    return this.store.load();
  }

  async append(irises: readonly StoredIris[]): Promise<void> {
    await this.store.commit(
      irises.map(({ id, record }) => ({ serialId: id.serialId, version: id.version, record })),
    );
  }

  async close(): Promise<void> {
    await this.store.close();
  }
}

/** Whether two names are of one store. */
export function isSamePlace(one: string, other: string): boolean {
  return resolve(one) === resolve(other);
}

function nameOf(place: string): string {
  return `the store in ${place}`;
}

function checkKind({ name, identity: found }: StorePlace, wanted: StoreIdentity): void {
  for (const field of ['mode', 'party', 'formatVersion'] as const) {
    if (found[field] !== wanted[field]) {
      throw new MisconfiguredError(
        `${name} holds ${field} ${String(found[field])}, what is to go there has ${String(wanted[field])}: choose another store`,
      );
    }
  }
}
