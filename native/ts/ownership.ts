/**
 * One process owns a store directory, or a place for a socket.
 *
 * The owner holds a lock on a file. The kernel frees the lock with the process, however it dies, so a killed owner
 * leaves nothing to clean up; and of many that ask at once the kernel chooses one. Processes in different containers
 * ask the same kernel when the file lies in a volume that they share.
 */
import { join } from 'node:path';
import { MisconfiguredError } from '@irispair/common/errors/errors';
import { binding } from './binding.js';

/** What is owned. */
export interface Ownership {
  release(): void;
}

/**
 * Owns what a file stands for; the file is made when missing, for this user alone. The owner may remove it before
 * releasing.
 * @returns undefined while another process is the owner
 * @throws Error saying why the file cannot be made or opened
 */
export function ownFile(path: string): Ownership | undefined {
  const lock = binding.lockFile(path);
  if (lock === null) return undefined;
  return {
    release() {
      binding.unlockFile(lock);
    },
  };
}

/**
 * Owns a directory with a store. Should a fault end this process meanwhile (its file cut under the mapping, its disk gone),
 * its last line on standard error names the store.
 * @throws MisconfiguredError when another process owns the directory, or when it cannot be owned
 */
export function ownDirectory(directory: string): Ownership {
  const ownership = ownFileIn(directory);
  if (ownership === undefined) {
    throw new MisconfiguredError(
      `the store in ${directory} is in use by another service: stop it, or choose another directory`,
    );
  }
  const place = binding.noteStore(directory);
  return {
    release() {
      binding.forgetStore(place);
      ownership.release();
    },
  };
}

/** Opens what lies in a directory as its owner, and gives the directory up again when that fails. @throws as ownDirectory */
export async function openAsOwner<Store>(
  directory: string,
  open: (ownership: Ownership) => Promise<Store>,
): Promise<Store> {
  const ownership = ownDirectory(directory);
  try {
    return await open(ownership);
  } catch (error) {
    ownership.release();
    throw error;
  }
}

function ownFileIn(directory: string): Ownership | undefined {
  try {
    return ownFile(join(directory, 'owner.lock'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new MisconfiguredError(`the store in ${directory} cannot be owned: ${reason}`, { cause: error });
  }
}
