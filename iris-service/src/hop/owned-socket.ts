/**
 * The socket of the hop, which one iris service owns.
 *
 * 1. Claim the place before anything is loaded: a kernel's lock beside the socket makes one owner of many that start at
 *    once, in containers that share the volume too. Nobody who listens is robbed; a killed server's socket is removed.
 * 2. Listen in a directory that nobody else may enter, until group and mode are set.
 * 3. Publish: the finished socket gets its name, unless that was taken meanwhile.
 * 4. Release: remove the socket, if it is still this one, then the lock.
 *
 * A killed service leaves the socket, the lock's file and maybe the private directory. The next owner clears them away.
 */
import { constants, type Stats } from 'node:fs';
import { chmod, chown, link, lstat, mkdir, open, rm, rmdir, unlink, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { messageOf } from '@irispair/common/errors/message';
import { MisconfiguredError } from '@irispair/common/errors/errors';
import { directoryError, groupsOfProcess, makeWritableDirectory } from '@irispair/common/files/directory';
import { connectionError, socketTarget } from '@irispair/common/grpc/local-socket';
import { readGroup } from '@irispair/native/group';
import { ownFile, type Ownership } from '@irispair/native/ownership';

const SOCKET_MODE = 0o660;
/** Of directories made for the socket: the group may reach it. */
const DIRECTORY_MODE = 0o750;
const PRIVATE_DIRECTORY_MODE = 0o700;
const SETTING = 'IRISPAIR_IRIS_SOCKET';
const GROUP_SETTING = 'IRISPAIR_SOCKET_GROUP';
/** `chown` leaves the user as it is. */
const SAME_USER = -1;

/** A place for a socket that this process owns. */
export class OwnedSocket {
  private published: Stats | undefined;

  private constructor(
    readonly path: string,
    private readonly group: number,
    private readonly ownership: Ownership,
    private readonly privateDirectory: FileHandle,
  ) {}

  /**
   * Claims a path that fits a socket address.
   * @param group name or number of the group that may connect; undefined: this process's own
   * @throws MisconfiguredError when another server has the path, when something else is there, or when nothing can be
   * made there for that group
   */
  static async claim(path: string, group: string | undefined): Promise<OwnedSocket> {
    const groupId = group === undefined ? ownGroup() : readGroup(GROUP_SETTING, group);
    const directory = dirname(path);
    try {
      await makeSocketDirectory(directory, groupId);
      const ownership = own(path);
      try {
        await clear(path);
        return new OwnedSocket(path, groupId, ownership, await makePrivateDirectory(path, groupId));
      } catch (error) {
        await disown(path, ownership);
        throw error;
      }
    } catch (error) {
      throw directoryError(SETTING, directory, error);
    }
  }

  /** The gRPC target to listen on, where nobody can connect. It fits a socket address whatever the path. */
  get privateTarget(): string {
    return socketTarget(this.privatePath);
  }

  private get privatePath(): string {
    return `/proc/self/fd/${this.privateDirectory.fd}/socket`;
  }

  /**
   * Lets the group connect, once the server listens on the private target.
   * @throws MisconfiguredError when the path was taken meanwhile, or the group cannot be given
   */
  async publish(): Promise<void> {
    await giveGroup(this.privatePath, this.group);
    await chmod(this.privatePath, SOCKET_MODE);
    const published = await lstat(this.privatePath);
    try {
      // Unlike a rename, a link replaces nothing.
      await link(this.privatePath, this.path);
    } catch (error) {
      throw isErrno(error, 'EEXIST') ? taken(this.path) : directoryError(SETTING, dirname(this.path), error);
    }
    this.published = published;
    await unlink(this.privatePath);
  }

  /** Removes the socket, once the server listens no more, and gives the place up. */
  async release(): Promise<void> {
    if (this.published !== undefined && (await isAt(this.path, this.published))) await unlink(this.path);
    await rm(privateDirectoryOf(this.path), { recursive: true, force: true });
    await this.privateDirectory.close();
    await disown(this.path, this.ownership);
  }
}

function ownGroup(): number {
  const group = process.getegid?.();
  if (group === undefined)
    throw new MisconfiguredError('this system knows no groups: run the service on Linux');
  return group;
}

/** Makes what is missing of the socket's directory, open to the group. */
async function makeSocketDirectory(directory: string, group: number): Promise<void> {
  const highest = await makeWritableDirectory(SETTING, directory);
  if (highest === undefined) return;
  try {
    for (const made of between(highest, directory)) {
      await giveGroup(made, group);
      await chmod(made, DIRECTORY_MODE);
    }
  } catch (error) {
    for (const made of between(highest, directory).reverse()) await rmdir(made);
    throw error;
  }
}

/** The directories from the highest to the lowest. */
function between(highest: string, lowest: string): string[] {
  const names = relative(highest, lowest)
    .split(sep)
    .filter((name) => name !== '');
  return [highest, ...names.map((_, index) => join(highest, ...names.slice(0, index + 1)))];
}

function lockOf(path: string): string {
  return `${path}.lock`;
}

function privateDirectoryOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.private`);
}

function own(path: string): Ownership {
  const lock = lockOf(path);
  let ownership: Ownership | undefined;
  try {
    ownership = ownFile(lock);
  } catch (error) {
    const reason = messageOf(error);
    throw new MisconfiguredError(
      `${SETTING}: the socket ${path} cannot be owned: ${reason}: give this user the directory and what an iris service ` +
        'of another user left in it, or choose another path',
      { cause: error },
    );
  }
  if (ownership !== undefined) return ownership;
  throw new MisconfiguredError(
    `another iris service serves, or starts, on ${path}: stop it, or choose another ${SETTING}`,
  );
}

async function disown(path: string, ownership: Ownership): Promise<void> {
  await rm(lockOf(path), { force: true });
  ownership.release();
}

/** Removes a dead socket; refuses everything else that is in the way. */
async function clear(path: string): Promise<void> {
  const found = await lstat(path).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new MisconfiguredError(
      `${SETTING}: ${path} exists and is not a socket: remove it, or choose another path`,
    );
  }
  const error = await connectionError(path);
  if (error === undefined) throw taken(path);
  if (error.code === 'ENOENT') return;
  if (error.code !== 'ECONNREFUSED') {
    throw new MisconfiguredError(
      `${SETTING}: whether another server listens on ${path} cannot be told (${error.message}): stop it, or remove the socket when nobody does`,
      { cause: error },
    );
  }
  await unlink(path);
}

function taken(path: string): MisconfiguredError {
  return new MisconfiguredError(
    `another server already listens on ${path}: stop it, or choose another ${SETTING}`,
  );
}

/** Made anew: whoever owned the path before may have left one. Its group shows at once whether the group can be given. */
async function makePrivateDirectory(path: string, group: number): Promise<FileHandle> {
  const directory = privateDirectoryOf(path);
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { mode: PRIVATE_DIRECTORY_MODE });
  try {
    await giveGroup(directory, group);
    return await open(directory, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (error) {
    await rmdir(directory);
    throw error;
  }
}

async function giveGroup(path: string, group: number): Promise<void> {
  try {
    await chown(path, SAME_USER, group);
  } catch (error) {
    if (!isErrno(error, 'EPERM')) throw error;
    throw new MisconfiguredError(
      `${GROUP_SETTING}: group ${group} cannot be given to the socket: user ${process.geteuid?.() ?? '?'} with ` +
        `${groupsOfProcess()} is not in it: run the iris service with that group, or choose one that it has`,
      { cause: error },
    );
  }
}

async function isAt(path: string, expected: Stats): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found?.ino === expected.ino && found.dev === expected.dev;
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
