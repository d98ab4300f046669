/**
 * A disk that is really full, for tests: a small tmpfs in a mount namespace of its own.
 *
 * The mount ends with the process, so a test leaves nothing behind however it ends.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { withMounts } from './mounts.js';

/** How a program ended. */
interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Has a compiled module end well with TMPDIR on a disk of this size. Skips the test where this machine allows no mounts. */
export async function passesOnSmallDisk(test: TestContext, module: string, mebibytes: number): Promise<void> {
  const ended = await runOnSmallDisk(module, mebibytes);
  if (ended === undefined) {
    test.skip('this machine allows no mount namespaces');
    return;
  }
  assert.equal(ended.code, 0, ended.output);
  test.diagnostic(ended.output.trim());
}

async function runOnSmallDisk(module: string, mebibytes: number): Promise<Ended | undefined> {
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
