/** Runs a native benchmark: builds its program when that is not up to date, then reads the figures that it prints. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Configured by set-up, which builds the addon there. */
const BUILD = fileURLToPath(new URL('../../native/build', import.meta.url));

/** @throws Error when it cannot be built, or fails */
export function figuresOf(program: string): unknown {
  output('cmake', ['--build', BUILD, '--parallel', '2', '--target', program]);
  return JSON.parse(output(join(BUILD, program), []));
}

function output(program: string, args: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}
