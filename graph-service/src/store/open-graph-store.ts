/** The graph store that the settings name: a directory, or a database, whose client is loaded only then. */
import type { Logger } from '@irispair/common/log/logger';
import { readPostgresUrl } from '@irispair/common/postgres/connection';
import { StoreKind, storeKindOf } from '@irispair/common/store/store-place';
import type { GraphServiceSettings } from '../settings.js';
import type { GraphStore, GraphStoreHolder } from './graph-store.js';
import { LmdbGraphStore } from './lmdb-graph-store.js';

/** @throws MisconfiguredError when another service owns it, or when it holds something else */
export async function openGraphStore(
  settings: GraphServiceSettings,
  rowLimit: number,
  holder: GraphStoreHolder,
  logger: Logger,
): Promise<GraphStore> {
  const place = settings.IRISPAIR_GRAPH_STORE;
  if (storeKindOf(place) === StoreKind.Directory) return LmdbGraphStore.open(place, rowLimit, holder);
  const address = readPostgresUrl(place, settings.IRISPAIR_STORE_PASSWORD_FILE);
  const { PostgresGraphStore } = await import('./postgres-graph-store.js');
  return PostgresGraphStore.open(address, rowLimit, logger, holder);
}
