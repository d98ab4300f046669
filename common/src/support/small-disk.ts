/**
 * A disk that is really full, for tests: a small tmpfs in a mount namespace of its own.
 *
 * The mount ends with the process, so a test leaves nothing behind however it ends.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { withMounts } from './mounts.js';

/** How a program ended. */
export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a compiled module with TMPDIR on a disk of this size; undefined when this machine allows no mounts. */
export async function runOnSmallDisk(module: string, mebibytes: number): Promise<Ended | undefined> {
  const directory = await mkdtemp(join(tmpdir(), 'irispair-disk-'));
  try {
    const mount = `mount -t tmpfs -o size=${mebibytes}m tmpfs "${directory}"`;
    const probe = await runWithMounts(mount, directory);
    return probe.code === 0
      ? await runWithMounts(`${mount} && exec "${process.execPath}" "${module}"`, directory)
      : undefined;
  } finally {
    await rmdir(directory);
  }
}

async function runWithMounts(script: string, directory: string): Promise<Ended> {
  const [command, ...args] = withMounts(`exec 2>&1; ${script}`);
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: directory },
  });
  const ended = once(child, 'exit');
  const output = await text(child.stdout);
  const [code] = (await ended) as [number | null];
  return { code, output };
}
