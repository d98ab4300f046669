/** Waits for what another process or thread does: for tests. */
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MILLISECONDS = 5;

/** Resolves once the condition holds. @throws Error naming what was waited for, after 20 seconds */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  milliseconds = 20_000,
): Promise<void> {
  for (const end = Date.now() + milliseconds; Date.now() < end; await sleep(POLL_MILLISECONDS)) {
    if (await condition()) return;
  }
  throw new Error(`waited ${milliseconds} ms in vain: ${what}`);
}
