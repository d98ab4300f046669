/**
 * `npm run test:docker`: the pair in real containers, on an engine of the test's own.
 *
 * 1. In the machine's network: start a Docker engine; where none can run, say why and skip. Make the base image, build
 *    the images, print their sizes. Stop the engine; its images are kept, below `.irispair`.
 * 2. In a network namespace that goes with it: start the engine again and run the suite (run-suite.ts).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf } from '@irispair/common/errors/message';
import { makeBaseImage } from './base-image.js';
import { DockerEngine } from './engine.js';
import { buildImages, CHECKOUT, describeSizes } from './images.js';

const IMAGES = join(CHECKOUT, '.irispair/docker');
const RUN_SUITE = fileURLToPath(new URL('./run-suite.js', import.meta.url));

process.exitCode = await testInContainers();

async function testInContainers(): Promise<number> {
  if (process.getuid?.() !== 0) return skip('it starts a Docker engine and debootstrap, which need root');
  let engine: DockerEngine;
  try {
    engine = await DockerEngine.start(IMAGES, 'machine');
  } catch (error) {
    return skip(`no Docker engine runs here: ${messageOf(error)}`);
  }
  try {
    const base = await makeBaseImage(engine, say);
    await buildImages(engine, base, say);
    for (const line of await describeSizes(engine, base)) say(line);
  } finally {
    await engine.stop();
  }
  return runInNamespace();
}

function skip(why: string): number {
  say(`the test in containers is skipped: ${why}`);
  say('0 passed, 0 failed, 1 skipped');
  return 0;
}

async function runInNamespace(): Promise<number> {
  const child = spawn(
    'setpriv',
    [
      ...['--pdeathsig', 'SIGTERM', 'unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'],
      ...[process.execPath, RUN_SUITE, IMAGES],
    ],
    { stdio: 'inherit' },
  );
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      child.kill('SIGTERM');
    });
  }
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
