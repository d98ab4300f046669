/**
 * The head of the embedded store: what it holds, and what shows that nothing of it is gone.
 *
 * It carries a checksum of itself. Stores of versions before checksums have none, and count no ids.
 */
import { randomUUID } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { DamagedStoreError } from '@irispair/common/errors/errors';
import { DEFAULT_COLUMNS } from '@irispair/common/iris/shape';
import { columnsOfStore, type StoreIdentity, type StorePoint, type WantedIdentity } from './iris-store.js';

/** What to do about a damaged store. */
export const RESTORE_REMEDY = 'put a backup of the directory back (see docs/damaged-stores.md)';

/** What `formatVersion` is in a head whose values may carry checksums: versions that know none refuse such a store. */
const CHECKED_FORMAT_VERSION = 2;
/** The same records without. */
const RECORD_FORMAT_VERSION = 1;

/** What a store says of itself. */
export interface StoreHead extends StoreIdentity, StorePoint {
  /** Ids ever given. */
  readonly ids: number;
  /** The highest of them; 0 when there is none. */
  readonly highest: number;
  /** Whether every value carries a checksum: one without is damaged. */
  readonly isSealed: boolean;
}

/** As it lies in the store. */
export interface StoredHead extends Omit<StoreIdentity, 'columns'> {
  /** Stores that were made before there were others have {@link DEFAULT_COLUMNS}. */
  readonly columns?: number;
  readonly commitCount: number;
  /** Stores made before there were identities have none. */
  readonly storeId?: string;
  readonly ids?: number;
  readonly highest?: number;
  readonly isSealed?: boolean;
  /** CRC-32 of the JSON of what is before it. */
  readonly check?: number;
}

/** The head of a store in which nothing is. */
export function newHead(identity: WantedIdentity): StoreHead {
  const columns = identity.columns ?? DEFAULT_COLUMNS;
  return { ...identity, columns, commitCount: 0, storeId: randomUUID(), ids: 0, highest: 0, isSealed: true };
}

/** What is stored for a head. */
export function encodeHead(head: StoreHead): StoredHead {
  const stored = { ...head, formatVersion: storedVersion(head.formatVersion) };
  return { ...stored, check: checkOf(stored) };
}

/**
 * @param present what the table of irises has, for heads that do not count ids
 * @throws DamagedStoreError when the head is not what was written
 * @throws MisconfiguredError for a shape that this version does not know
 */
export function decodeHead(
  directory: string,
  stored: StoredHead,
  present: () => Pick<StoreHead, 'ids' | 'highest'>,
): StoreHead {
  const { check, ...rest } = stored;
  const { storeId = randomUUID() } = rest;
  if (check === undefined && stored.formatVersion !== CHECKED_FORMAT_VERSION) {
    return {
      ...rest,
      columns: columnsOfStore(directory, rest.columns),
      storeId,
      ...present(),
      isSealed: false,
    };
  }
  const { ids, highest, isSealed } = rest;
  if (check !== checkOf(rest) || ids === undefined || highest === undefined || isSealed === undefined) {
    throw damagedHead(directory);
  }
  const columns = columnsOfStore(directory, rest.columns);
  const formatVersion = recordVersion(rest.formatVersion);
  return { ...rest, columns, storeId, formatVersion, ids, highest, isSealed };
}

/** The refusal of a store whose head cannot be believed. */
export function damagedHead(directory: string): DamagedStoreError {
  return new DamagedStoreError(directory, 'its head is not what was written', RESTORE_REMEDY);
}

function storedVersion(formatVersion: number): number {
  return formatVersion === RECORD_FORMAT_VERSION ? CHECKED_FORMAT_VERSION : formatVersion;
}

function recordVersion(formatVersion: number): number {
  return formatVersion === CHECKED_FORMAT_VERSION ? RECORD_FORMAT_VERSION : formatVersion;
}

function checkOf(head: Omit<StoredHead, 'check'>): number {
  return crc32(JSON.stringify(head));
}
