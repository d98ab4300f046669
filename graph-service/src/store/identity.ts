/** What a new graph store holds, and whether a service can go on with what it finds. */
import { randomBytes } from 'node:crypto';
import { MisconfiguredError } from '@irispair/common/errors/errors';
import type { GraphStoreHolder, GraphStoreIdentity } from './graph-store.js';

const FORMAT_VERSION = 1;
const LAYER_KEY_BYTES = 32;

/** Draws its own layer key. */
export function newIdentity(rowLimit: number, holder: GraphStoreHolder): GraphStoreIdentity {
  const layerKey = randomBytes(LAYER_KEY_BYTES).toString('base64');
  return { ...holder, formatVersion: FORMAT_VERSION, layerKey, rowLimit };
}

/** @throws MisconfiguredError when a service that lays out rows of this length cannot use it */
export function checkIdentity(
  place: string,
  found: Readonly<Pick<GraphStoreIdentity, 'formatVersion' | 'rowLimit' | 'party'> & { mode: string }>,
  rowLimit: number,
  holder: GraphStoreHolder,
): void {
  const isAlike = found.mode === holder.mode && found.party === holder.party;
  if (isAlike && found.formatVersion === FORMAT_VERSION && found.rowLimit <= rowLimit) return;
  throw new MisconfiguredError(
    `the graph store in ${place} holds mode ${describe(found)}, format version ${found.formatVersion}, ` +
      `rows of ${found.rowLimit} neighbours; this service is configured for mode ${describe(holder)}, ` +
      `format version ${FORMAT_VERSION}, rows of ${rowLimit} neighbours: raise IRIS_STORE_INITIAL_CAPACITY or ` +
      `IRISPAIR_M_MAX if only the rows are shorter, choose another store, or remove this one to rebuild the graph`,
  );
}

function describe({ mode, party }: { readonly mode: string; readonly party?: number | undefined }): string {
  return party === undefined ? mode : `${mode} of party ${party}`;
}
