/** Iris stores as the ends of a transfer, opened as their owner. */
import { resolve } from 'node:path';
import { MisconfiguredError, NotFoundError } from '@irispair/common/errors/errors';
import { createLogger } from '@irispair/common/log/logger';
import { PASSWORD_FILE_SETTING, readPostgresUrl } from '@irispair/common/postgres/connection';
import { StoreKind, storeKindOf } from '@irispair/common/store/store-place';
import type { IrisStore, StoredIris, StoreIdentity } from '@irispair/iris-service/store/iris-store';
import {
  openExistingIrisStore,
  openIrisStore,
  type StoreSettings,
} from '@irispair/iris-service/store/open-iris-store';
import type { Irises, Source, Target } from './transfer.js';

/** Says which rows are left out. */
const logger = createLogger('iris', 'warn');
/** A transfer reads in order, over one connection. */
const READERS = 1;

/** What is done about rows of a PostgreSQL table that hold no iris. */
export type BadRowRule = 'refuse' | 'skip';

/** A store that is there. */
export class StorePlace implements Source, Target {
  private constructor(
    readonly name: string,
    private readonly store: IrisStore,
  ) {}

  /** @throws NotFoundError when there is none; MisconfiguredError when a service runs on it, or it has a batch unsettled */
  static async open(place: string, badRows: BadRowRule): Promise<StorePlace> {
    const store = await openExistingIrisStore(settingsOf(place, badRows), logger);
    if (store.journal?.state.prepared !== undefined) {
      await store.close();
      throw new MisconfiguredError(
        `${nameOf(place)} holds a batch that the three parties have not settled: start them once, until they serve`,
      );
    }
    return new StorePlace(nameOf(place), store);
  }

  /** Opens a store to fill; makes it when there is none. @throws MisconfiguredError when it holds something else */
  static async openFor(place: string, identity: StoreIdentity): Promise<StorePlace> {
    try {
      const there = await StorePlace.open(place, 'refuse');
      try {
        checkKind(there, identity);
        return there;
      } catch (error) {
        await there.close();
        throw error;
      }
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      return new StorePlace(
        nameOf(place),
        await openIrisStore(settingsOf(place, 'refuse'), identity, logger),
      );
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
  const areDirectories = [one, other].every((place) => storeKindOf(place) === StoreKind.Directory);
  return areDirectories ? resolve(one) === resolve(other) : one === other;
}

/** Never with the password that a URL may have. */
function nameOf(place: string): string {
  const isDirectory = storeKindOf(place) === StoreKind.Directory;
  return `the store in ${isDirectory ? place : readPostgresUrl(place, passwordFile()).name}`;
}

function settingsOf(place: string, badRows: BadRowRule): StoreSettings {
  return {
    IRISPAIR_IRIS_STORE: place,
    IRISPAIR_STORE_CREATE: true,
    IRISPAIR_STORE_PASSWORD_FILE: passwordFile(),
    IRISPAIR_SKIP_BAD_ROWS: badRows === 'skip',
    IRISPAIR_STORE_LOAD_CONNECTIONS: READERS,
  };
}

function passwordFile(): string | undefined {
  const file = process.env[PASSWORD_FILE_SETTING];
  return file === '' ? undefined : file;
}

function checkKind({ name, identity: found }: StorePlace, wanted: StoreIdentity): void {
  for (const field of ['mode', 'party', 'formatVersion', 'columns'] as const) {
    if (found[field] !== wanted[field]) {
      throw new MisconfiguredError(
        `${name} holds ${field} ${String(found[field])}, what is to go there has ${String(wanted[field])}: choose another store`,
      );
    }
  }
}
