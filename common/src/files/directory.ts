/** Directories that a service needs: made when missing, and seen to be writable before anything depends on it. */
import { constants } from 'node:fs';
import { access, lstat, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MisconfiguredError } from '../errors/errors.js';

/** For the owner alone. */
const PRIVATE_DIRECTORY = 0o700;

/**
 * Makes a directory and what is missing above it, for this user alone; one that exists stays as it is.
 * @param what what the directory is for, with its setting, as the error shall name it
 * @returns the highest directory that was made, if any
 * @throws MisconfiguredError when it cannot be made or written
 */
export async function makeWritableDirectory(what: string, directory: string): Promise<string | undefined> {
  try {
    const made = await makeDirectories(directory);
    await checkWritable(directory);
    return made;
  } catch (error) {
    throw directoryError(what, directory, error);
  }
}

async function makeDirectories(directory: string): Promise<string | undefined> {
  try {
    return await mkdir(directory, { recursive: true, mode: PRIVATE_DIRECTORY });
  } catch (error) {
    // Node says ENOENT, too, of what cannot be made on a read-only volume.
    if (isMissing(error)) await checkWritable(await lowestExisting(directory));
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function checkWritable(directory: string): Promise<void> {
  return access(directory, constants.W_OK | constants.X_OK);
}

async function lowestExisting(directory: string): Promise<string> {
  const exists = await lstat(directory).then(
    () => true,
    () => false,
  );
  const above = dirname(directory);
  return exists || above === directory ? directory : lowestExisting(above);
}

/** What a failed attempt to write in a directory means to an operator. Errors that are not of the kernel stay as they are. */
export function directoryError(what: string, directory: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  const remedy = REMEDIES.get(String(error.code));
  if (remedy === undefined) return error;
  return new MisconfiguredError(`${what}: nothing can be written to ${directory}: ${remedy()}`, {
    cause: error,
  });
}

const REMEDIES: ReadonlyMap<string, () => string> = new Map([
  ['EROFS', () => 'its volume is read-only: mount it writable, or choose another directory'],
  ['EACCES', permission],
  ['EPERM', permission],
  ['ENOTDIR', () => 'a file is where a directory should be: remove it, or choose another directory'],
  ['EEXIST', () => 'a file is where a directory should be: remove it, or choose another directory'],
  ['ENOENT', () => 'a link in it leads nowhere: mend it, or choose another directory'],
  ['ELOOP', () => 'its links lead in a circle: mend them, or choose another directory'],
  ['ENAMETOOLONG', () => 'its name is too long: choose a shorter one'],
  ['ENOSPC', () => 'its disk is full: free some space, or choose another directory'],
  ['EDQUOT', () => 'the quota of its disk is used up: free some space, or choose another directory'],
]);

function permission(): string {
  return `user ${process.geteuid?.() ?? '?'} with ${groupsOfProcess()} may not: change its owner or mode, or choose another directory`;
}

/** The groups that the kernel counts for this process, for an error message. */
export function groupsOfProcess(): string {
  const groups = [...new Set([process.getegid?.() ?? 0, ...(process.getgroups?.() ?? [])])];
  return groups.length === 1 ? `group ${groups[0]}` : `groups ${groups.join(', ')}`;
}
