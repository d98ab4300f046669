/** Opens the store that the settings name: a directory or a database. What a database needs is loaded only for one. */
import { MisconfiguredError, NotFoundError } from '@irispair/common/errors/errors';
import type { Logger } from '@irispair/common/log/logger';
import { readPostgresUrl } from '@irispair/common/postgres/connection';
import { hasLmdbFile } from '@irispair/common/store/lmdb-file';
import { StoreKind, storeKindOf } from '@irispair/common/store/store-place';
import type { IrisServiceSettings } from '../settings.js';
import type { IrisStore, WantedIdentity } from './iris-store.js';
import { LmdbIrisStore } from './lmdb-iris-store.js';

/** What says which store. */
export type StoreSettings = Pick<
  IrisServiceSettings,
  | 'IRISPAIR_IRIS_STORE'
  | 'IRISPAIR_STORE_CREATE'
  | 'IRISPAIR_STORE_PASSWORD_FILE'
  | 'IRISPAIR_SKIP_BAD_ROWS'
  | 'IRISPAIR_STORE_LOAD_CONNECTIONS'
>;

/**
 * Opens a store, or makes it where the settings say so.
 * @throws MisconfiguredError when there is none and none is to be made, when it cannot be owned, or holds something else
 */
export async function openIrisStore(
  settings: StoreSettings,
  identity: WantedIdentity,
  logger: Logger,
): Promise<IrisStore> {
  const store = settings.IRISPAIR_IRIS_STORE;
  if (!settings.IRISPAIR_STORE_CREATE) await refuseMissing(settings);
  if (storeKindOf(store) === StoreKind.Directory) return LmdbIrisStore.open(store, identity);
  const { PostgresIrisStore } = await import('./postgres-iris-store.js');
  return PostgresIrisStore.open({
    address: readPostgresUrl(store, settings.IRISPAIR_STORE_PASSWORD_FILE),
    identity,
    skipBadRows: settings.IRISPAIR_SKIP_BAD_ROWS,
    loadConnections: settings.IRISPAIR_STORE_LOAD_CONNECTIONS,
    logger,
  });
}

/**
 * Opens a store as what it is.
 * @throws NotFoundError when there is none
 * @throws MisconfiguredError when it cannot be owned
 */
export async function openExistingIrisStore(settings: StoreSettings, logger: Logger): Promise<IrisStore> {
  const store = settings.IRISPAIR_IRIS_STORE;
  if (storeKindOf(store) === StoreKind.Directory) return LmdbIrisStore.openExisting(store);
  const address = readPostgresUrl(store, settings.IRISPAIR_STORE_PASSWORD_FILE);
  const { identityIn } = await import('./postgres-head.js');
  const identity = await identityIn(address);
  if (identity === null) {
    throw new NotFoundError(`there is no iris store in ${address.name}: name a database that has one`);
  }
  return openIrisStore(settings, identity, logger);
}

/** A wrong place must not begin an empty population, which calls everybody unique. */
async function refuseMissing(settings: StoreSettings): Promise<void> {
  const store = settings.IRISPAIR_IRIS_STORE;
  if (storeKindOf(store) === StoreKind.Directory) {
    if (hasLmdbFile(store)) return;
    throw missing(store);
  }
  const address = readPostgresUrl(store, settings.IRISPAIR_STORE_PASSWORD_FILE);
  const { identityIn } = await import('./postgres-head.js');
  if ((await identityIn(address)) !== null) return;
  const { refuseTableElsewhere } = await import('./table-elsewhere.js');
  await refuseTableElsewhere(address);
  throw missing(address.name);
}

function missing(place: string): MisconfiguredError {
  return new MisconfiguredError(
    `there is no iris store in ${place}: correct IRISPAIR_IRIS_STORE, or put a backup back; to begin an empty store give ` +
      '--create or IRISPAIR_STORE_CREATE=1',
  );
}
