/**
 * A damaged graph is no loss: what it says follows from the irises. Its file is set aside, for whoever wants to know what became
 * of the disk, and the graph is built anew. One such file is kept.
 */
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DamagedStoreError } from '@irispair/common/errors/errors';
import { ownDirectory } from '@irispair/native/ownership';
import type { Logger } from '@irispair/common/log/logger';

/** Sets the files of an embedded graph store aside; no service has it open. */
export async function setAside(
  { place: directory, problem }: DamagedStoreError,
  logger: Logger,
): Promise<void> {
  const ownership = ownDirectory(directory);
  try {
    const kept = join(directory, 'data.mdb.damaged');
    await rename(join(directory, 'data.mdb'), kept);
    await rm(join(directory, 'lock.mdb'), { force: true });
    logger.error(
      { directory, problem, kept },
      'the graph store is damaged: building the graph anew from the irises',
    );
  } finally {
    ownership.release();
  }
}
