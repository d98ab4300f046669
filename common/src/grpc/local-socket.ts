/**
 * The Unix domain socket between the services.
 *
 * A killed server leaves its socket file behind. The next one removes it, but only after a connection attempt has
 * shown that nobody listens: a second server of the same socket is refused, not robbed.
 */
import { lstat, mkdir, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { MisconfiguredError } from '../errors/errors.js';

/** Longest path that fits a socket address, bytes. */
const LONGEST_SOCKET_PATH = 107;

/** The gRPC target of a socket path. */
export function socketTarget(path: string): string {
  return `unix:${path}`;
}

/**
 * Makes a path ready to be listened on: its directory exists and no dead socket is in the way.
 * @throws MisconfiguredError when the path is too long, is not a socket, or another server listens on it
 */
export async function prepareSocketPath(path: string): Promise<void> {
  if (Buffer.byteLength(path) > LONGEST_SOCKET_PATH) {
    throw new MisconfiguredError(
      `socket path ${path} is longer than ${LONGEST_SOCKET_PATH} bytes: choose a shorter one`,
    );
  }
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const found = await lstat(path).catch(ignoreMissing);
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new MisconfiguredError(`${path} exists and is not a socket: choose another path or remove it`);
  }
  if (await somebodyListens(path)) {
    throw new MisconfiguredError(
      `another server already listens on ${path}: stop it or choose another socket`,
    );
  }
  await removeSocket(path);
}

/** Removes a socket file; one that is gone already is fine. */
export async function removeSocket(path: string): Promise<void> {
  await unlink(path).catch(ignoreMissing);
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}

function somebodyListens(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      socket.destroy();
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(false);
      else reject(error);
    });
  });
}
