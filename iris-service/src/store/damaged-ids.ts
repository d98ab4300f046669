/** The serial ids of a store whose irises are not what was written, in words. */
import { DamagedStoreError } from '@irispair/common/errors/errors';
import { RESTORE_REMEDY } from './lmdb-head.js';

/** Named in one message or log line; `irispair store check` names all. */
const MOST_NAMED = 20;

/** What was found wrong in a store. */
export interface DamagedIds {
  /** There, but not as written. Ascending. */
  readonly damaged: readonly number[];
  /** Not there, though the head counts them. Ascending. */
  readonly missing: readonly number[];
}

/** "serial ids 3, 9 and 12 more are damaged" */
export function describeDamage({ damaged, missing }: DamagedIds): string {
  return [
    ...(damaged.length === 0 ? [] : [`${named(damaged)} do not have the checksum they were written with`]),
    ...(missing.length === 0 ? [] : [`${named(missing)} are missing`]),
  ].join('; ');
}

function named(ids: readonly number[]): string {
  const shown = ids.slice(0, MOST_NAMED).join(', ');
  const more = ids.length - MOST_NAMED;
  return `serial ids ${shown}${more > 0 ? ` and ${more} more` : ''}`;
}

/** The refusal to serve a store, naming ids. @param further what may be done instead of the remedy */
export function damagedStore(directory: string, ids: DamagedIds, further = ''): DamagedStoreError {
  return new DamagedStoreError(directory, describeDamage(ids), `${RESTORE_REMEDY}${further}`);
}
