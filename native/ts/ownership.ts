/**
 * One process owns a store directory.
 *
 * The owner holds a lock on a file in it. The kernel frees the lock with the process, however it dies, so a killed owner
 * leaves nothing to clean up; and of many that ask at once the kernel chooses one.
 */
import { join } from 'node:path';
import { MisconfiguredError } from '@irispair/common/errors/errors';
import { binding } from './binding.js';

/** An owned directory. */
export interface Ownership {
  release(): void;
}

/** @throws MisconfiguredError when another process owns the directory, or when it cannot be owned */
export function ownDirectory(directory: string): Ownership {
  const lock = lockIn(directory);
  if (lock === null) {
    throw new MisconfiguredError(
      `the store in ${directory} is in use by another service: stop it, or choose another directory`,
    );
  }
  return {
    release() {
      binding.unlockFile(lock);
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

function lockIn(directory: string): number | null {
  try {
    return binding.lockFile(join(directory, 'owner.lock'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new MisconfiguredError(`the store in ${directory} cannot be owned: ${reason}`, { cause: error });
  }
}
