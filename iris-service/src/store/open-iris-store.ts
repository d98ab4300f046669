/** Opens the store that the settings name: a directory or a database. What a database needs is loaded only for one. */
import { NotFoundError } from '@irispair/common/errors/errors';
import type { Logger } from '@irispair/common/log/logger';
import { readPostgresUrl } from '@irispair/common/postgres/connection';
import { StoreKind, storeKindOf } from '@irispair/common/store/store-place';
import type { IrisServiceSettings } from '../settings.js';
import type { IrisStore, WantedIdentity } from './iris-store.js';
import { LmdbIrisStore } from './lmdb-iris-store.js';

/** What says which store. */
export type StoreSettings = Pick<
  IrisServiceSettings,
  | 'IRISPAIR_IRIS_STORE'
  | 'IRISPAIR_STORE_PASSWORD_FILE'
  | 'IRISPAIR_SKIP_BAD_ROWS'
  | 'IRISPAIR_STORE_LOAD_CONNECTIONS'
>;

/** Opens or makes a store. @throws MisconfiguredError when it cannot be owned, or holds something else */
export async function openIrisStore(
  settings: StoreSettings,
  identity: WantedIdentity,
  logger: Logger,
): Promise<IrisStore> {
  const store = settings.IRISPAIR_IRIS_STORE;
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
