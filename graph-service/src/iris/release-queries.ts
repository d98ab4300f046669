/** Releases prepared queries that nobody needs any longer. */
import type { Logger } from '@irispair/common/log/logger';
import type { IrisClient } from './iris-client.js';

/** Resolves either way: those that are not released expire by themselves, or went with the session. */
export async function releaseQueries(
  client: IrisClient,
  handles: readonly number[],
  logger: Logger,
): Promise<void> {
  if (handles.length === 0) return;
  try {
    await client.release(handles);
  } catch (error) {
    logger.debug({ err: error }, 'queries were not released');
  }
}
