/**
 * Whether the process may open as many files as its connections take.
 *
 * 1. Read the limit of this process.
 * 2. Set aside what stores, threads and the hop open.
 * 3. Lower the cap to what is left, and say so.
 */
import { readFileSync } from 'node:fs';
import type { Logger } from '../log/logger.js';

/** Descriptors of a service beside its connections: stores, event loops, threads, the hop, the log. */
export const OTHER_FILES = 256;
/** A service with fewer connections would serve nobody. */
const FEWEST_CONNECTIONS = 16;

/** The soft limit of this process; undefined where the kernel does not say. */
export function openFilesLimit(): number | undefined {
  try {
    const found = /^Max open files +(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    if (found === undefined) return undefined;
    return found === 'unlimited' ? Infinity : Number(found);
  } catch {
    return undefined;
  }
}

/**
 * The cap that fits, with a warning when it is lower than the wanted one.
 * @param wanted connections that the setting allows
 * @param others connections of the service's other ports
 */
export function connectionsThatFit(
  wanted: number,
  others: number,
  setting: string,
  logger: Logger,
  limit = openFilesLimit(),
): number {
  const needed = wanted + others + OTHER_FILES;
  if (limit === undefined || limit >= needed) return wanted;
  const fits = Math.max(FEWEST_CONNECTIONS, limit - others - OTHER_FILES);
  logger.warn(
    { limit, needed, connections: fits },
    `the limit of open files (nofile) is ${limit}, and ${setting}=${wanted} needs ${needed}: at most ${fits} connections are taken; ` +
      `raise the limit (ulimit -n, LimitNOFILE=, ulimits: in compose) or lower ${setting}`,
  );
  return fits;
}
