/** Waits for what another process or thread does: for tests. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PATIENCE_MILLISECONDS } from './patience.js';

const POLL_MILLISECONDS = 5;

/** Resolves once the condition holds. @throws Error naming what was waited for in vain */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  longestMilliseconds = PATIENCE_MILLISECONDS,
): Promise<void> {
  const end = Date.now() + longestMilliseconds;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited ${longestMilliseconds} ms in vain: ${what}`);
    await sleep(POLL_MILLISECONDS);
  }
}
