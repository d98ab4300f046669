/**
 * One process owns a store directory.
 *
 * The owner listens on a Unix socket in it. The kernel closes that with the process, however it dies, so a killed owner
 * leaves nothing to clean up: the next one finds that nobody listens.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { MisconfiguredError } from '../errors/errors.js';
import { prepareSocketPath } from '../grpc/local-socket.js';

/** An owned directory. */
export interface Ownership {
  release(): Promise<void>;
}

/** @throws MisconfiguredError when another process owns the directory */
export async function ownDirectory(directory: string): Promise<Ownership> {
  const path = join(directory, 'owner.sock');
  try {
    await prepareSocketPath(path);
  } catch (error) {
    throw new MisconfiguredError(
      `the store in ${directory} cannot be owned by this process: ${reasonOf(error)}`,
      { cause: error },
    );
  }
  const server = createServer((socket) => socket.destroy()).listen(path);
  await once(server, 'listening');
  server.unref();
  return {
    async release() {
      server.close();
      await once(server, 'close');
    },
  };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
