/**
 * `npm run test:docker`: the pair in real containers, on an engine of the test's own. Each step runs confined (confined.ts), so
 * that nothing is left running, however this ends.
 *
 * 1. In the machine's network: build the images (build-images.ts). They are kept, below `.irispair`. Where no engine can run,
 *    say why and skip.
 * 2. In a network of its own: run the suites (run-suites.ts).
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runConfined } from './confined.js';
import { CHECKOUT } from './images.js';
import { NO_ENGINE_EXIT_CODE } from './no-engine.js';

const IMAGES = join(CHECKOUT, '.irispair/docker');

process.exitCode = await testInContainers();

async function testInContainers(): Promise<number> {
  if (process.getuid?.() !== 0) {
    process.stdout.write(
      'the test in containers is skipped: it starts a Docker engine and debootstrap, which need root\n',
    );
    return skip();
  }
  const built = await runConfined('machine', stepAt('./build-images.js'), IMAGES);
  if (built === NO_ENGINE_EXIT_CODE) return skip();
  return built === 0 ? runConfined('own', stepAt('./run-suites.js'), IMAGES) : built;
}

function stepAt(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}

function skip(): number {
  process.stdout.write('0 passed, 0 failed, 1 skipped\n');
  return 0;
}
