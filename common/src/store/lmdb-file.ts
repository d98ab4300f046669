/**
 * Whether an LMDB file can be opened, seen before LMDB maps it: a file that is empty, cut or overwritten would be taken for a new
 * one, or end the process by a signal.
 */
import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DamagedStoreError } from '../errors/errors.js';
import { META_BYTES, newerOf, readMeta, readUnmarkedMeta, survivorOf, type Meta } from './lmdb-meta.js';
import { TreeCheck, TreeFault } from './lmdb-tree.js';

/** What LMDB calls the file of an environment. */
const DATA_FILE = 'data.mdb';

/** Some 10 ms of reading. */
const PAGES_A_TURN = 2_000;
const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/** Whether each commit is on the disk before the next begins. */
export type Flushing = 'each commit' | 'later';

/** How to check. */
export interface LmdbCheck {
  readonly flushing: Flushing;
  /** What to do about damage. */
  readonly remedy: string;
}

/** Whether there is a file of an environment in a directory. */
export function hasLmdbFile(directory: string): boolean {
  return existsSync(join(directory, DATA_FILE));
}

/**
 * Checks the file of an environment, if there is one.
 * @throws DamagedStoreError saying what is wrong with it
 */
export async function checkLmdbFile(directory: string, { flushing, remedy }: LmdbCheck): Promise<void> {
  if (!hasLmdbFile(directory)) return;
  const descriptor = openSync(join(directory, DATA_FILE), 'r');
  try {
    const { size } = fstatSync(descriptor);
    const meta = snapshotOf(descriptor, size, flushing);
    for (const pages of new TreeCheck({ descriptor, bytes: size }, meta).run()) {
      if (pages % PAGES_A_TURN === 0) await nextTurn();
    }
  } catch (error) {
    if (!(error instanceof TreeFault)) throw error;
    throw new DamagedStoreError(directory, `${DATA_FILE}: ${error.message}`, remedy);
  } finally {
    closeSync(descriptor);
  }
}

function snapshotOf(descriptor: number, size: number, flushing: Flushing): Meta {
  if (size === 0) throw new TreeFault('it is empty (0 bytes)');
  const first = readMeta(readAt(descriptor, 0, size));
  if (first === undefined) throw new TreeFault(`meta page 0 is damaged (the file has ${size} bytes)`);
  const second = readMeta(readAt(descriptor, first.pageSize, size));
  if (second?.pageSize !== first.pageSize) {
    throw new TreeFault(
      `meta page 1 is damaged, and what was written last may be known to it alone (the file has ${size} bytes)`,
    );
  }
  if (flushing === 'later') {
    const flushed = readUnmarkedMeta(readAt(descriptor, first.pageSize / 2, size));
    return survivorOf(first, second, flushed, currentBootId());
  }
  const newer = newerOf(first, second);
  // Transactions write them by turns.
  const older = newer === first ? second : first;
  if (newer.transaction - older.transaction > 1n) {
    throw new TreeFault(
      `its meta pages are of transactions ${first.transaction} and ${second.transaction}, which do not follow each other`,
    );
  }
  return newer;
}

function readAt(descriptor: number, position: number, size: number): Buffer {
  const bytes = Buffer.alloc(META_BYTES);
  if (readSync(descriptor, bytes, 0, META_BYTES, position) === META_BYTES) return bytes;
  throw new TreeFault(`the file is cut: it has ${size} bytes, its meta pages alone take more`);
}

/** As lmdb-js reads it: the digits before the first hyphen. */
function currentBootId(): bigint {
  try {
    return BigInt(`0x${readFileSync(BOOT_ID, 'utf8').split('-')[0]}`);
  } catch {
    return 0n;
  }
}
