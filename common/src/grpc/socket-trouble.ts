/**
 * Why a client cannot connect to a socket, for the operator who has to mend it.
 *
 * 1. Ask the kernel, by a connection attempt.
 * 2. Where it refuses the permission, find out which directory or whether the socket itself refuses.
 * 3. Say it with who asks, who may, and the remedy.
 */
import { constants, type Stats } from 'node:fs';
import { access, lstat, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { groupsOfProcess } from '../files/directory.js';
import { connectionError } from './local-socket.js';

/** What is in the way; undefined when nothing is. */
export async function socketTrouble(path: string): Promise<string | undefined> {
  const error = await connectionError(path);
  switch (error?.code) {
    case undefined:
      return undefined;
    case 'ENOENT':
      return `there is no socket ${path}: the iris service is not running, still loads, or has another IRISPAIR_IRIS_SOCKET`;
    case 'ECONNREFUSED':
      return deadSocket(path);
    case 'EACCES':
      return refused(path);
    default:
      return `the socket ${path} cannot be reached: ${error?.message ?? ''}`;
  }
}

async function deadSocket(path: string): Promise<string> {
  const found = await lstat(path).catch(() => undefined);
  return found === undefined || found.isSocket() || found.isSymbolicLink()
    ? `nobody listens on the socket ${path}: the iris service is not running, or still loads`
    : `${path} is not a socket: give the iris service's IRISPAIR_IRIS_SOCKET`;
}

async function refused(path: string): Promise<string> {
  const who = `user ${process.geteuid?.() ?? '?'} with ${groupsOfProcess()}`;
  const closed = await firstClosedDirectory(path);
  if (closed !== undefined) {
    return (
      `permission denied: ${who} may not enter ${closed}${await describe(closed)} on the way to the socket ${path}: ` +
      'give that directory a group that this service has, with mode 0750, or choose another IRISPAIR_IRIS_SOCKET for both services'
    );
  }
  return (
    `permission denied: ${who} may not connect to the socket ${path}${await describe(path)}: ` +
    "run this service with the socket's group, or set the iris service's IRISPAIR_SOCKET_GROUP to a group that both services have"
  );
}

/** The first directory on the way that this process may not enter. */
async function firstClosedDirectory(path: string): Promise<string | undefined> {
  const directory = dirname(resolve(path));
  if (directory !== dirname(directory)) {
    const above = await firstClosedDirectory(directory);
    if (above !== undefined) return above;
  }
  return access(directory, constants.X_OK).then(
    () => undefined,
    () => directory,
  );
}

async function describe(path: string): Promise<string> {
  const found: Stats | undefined = await stat(path).catch(() => undefined);
  if (found === undefined) return '';
  const mode = (found.mode & 0o7777).toString(8).padStart(4, '0');
  return ` (mode ${mode}, user ${found.uid}, group ${found.gid})`;
}
