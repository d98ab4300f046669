/**
 * What went wrong when a store did not take a write: a full disk, which its owner can mend, or anything else.
 *
 * LMDB answers a failed commit with an error that holds a promise of the reason. It must be awaited: a reason that
 * nobody waits for ends the process. A write that a full disk cut short has the reason EIO, not ENOSPC.
 */
import { statfs } from 'node:fs/promises';
import { constants } from 'node:os';
import { ExhaustedError } from '../errors/errors.js';

const MDB_MAP_FULL = -30_792;
const { EDQUOT, EIO, ENOSPC } = constants.errno;
/** With less than this a write was cut short by the disk being full. */
const FULL_BELOW_BYTES = 1 << 20;

/** The error to answer a failed write with; an ExhaustedError when the disk is full. Nothing was written. */
export async function writeFailure(error: unknown, directory: string): Promise<Error> {
  const reason = await reasonOf(error);
  if (!(await isDiskFull(reason, directory))) return reason;
  return new ExhaustedError(
    `the disk of the store in ${directory} is full, nothing was stored: free some space (${reason.message})`,
    { cause: reason },
  );
}

async function reasonOf(error: unknown): Promise<Error> {
  if (!(error instanceof Error)) return new Error(String(error));
  if (!('commitError' in error)) return error;
  try {
    await error.commitError;
    return error;
  } catch (reason) {
    return reason instanceof Error ? reason : error;
  }
}

async function isDiskFull(reason: Error, directory: string): Promise<boolean> {
  if (!('code' in reason)) return false;
  if (reason.code === ENOSPC || reason.code === EDQUOT || reason.code === MDB_MAP_FULL) return true;
  if (reason.code !== EIO) return false;
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize < FULL_BELOW_BYTES;
}
