/** What a new graph store holds, and whether a service can go on with what it finds. */
import { randomBytes } from 'node:crypto';
import { MisconfiguredError } from '@irispair/common/errors/errors';
import type { GraphStoreIdentity } from './graph-store.js';

const FORMAT_VERSION = 1;
const LAYER_KEY_BYTES = 32;

/** Draws its own layer key. */
export function newIdentity(rowLimit: number): GraphStoreIdentity {
  const layerKey = randomBytes(LAYER_KEY_BYTES).toString('base64');
  return { mode: 'plain', formatVersion: FORMAT_VERSION, layerKey, rowLimit };
}

/** @throws MisconfiguredError when a service that lays out rows of this length cannot use it */
export function checkIdentity(
  place: string,
  found: Readonly<Pick<GraphStoreIdentity, 'formatVersion' | 'rowLimit'> & { mode: string }>,
  rowLimit: number,
): void {
  if (found.mode === 'plain' && found.formatVersion === FORMAT_VERSION && found.rowLimit <= rowLimit) return;
  throw new MisconfiguredError(
    `the graph store in ${place} holds mode ${found.mode}, format version ${found.formatVersion}, ` +
      `rows of ${found.rowLimit} neighbours; this service is configured for mode plain, ` +
      `format version ${FORMAT_VERSION}, rows of ${rowLimit} neighbours: raise IRIS_STORE_INITIAL_CAPACITY or ` +
      `IRISPAIR_M_MAX if only the rows are shorter, choose another store, or remove this one to rebuild the graph`,
  );
}
