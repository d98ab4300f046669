/** Installs the libraries of bench/peers by its own lock file, when they are not there. */
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Install scripts compile what has no binary package. Their headers are taken from this Node's own installation where
 * it has them, so that nothing is downloaded beside the packages.
 * @throws Error with npm's output
 */
export function installPeers(directory: string): void {
  if (isInstalled(directory)) return;
  process.stderr.write('installing the libraries ...\n');
  const { status, stdout, stderr, error } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: directory,
    encoding: 'utf8',
    env: { ...process.env, ...headersOfThisNode() },
  });
  if (status === 0) return;
  throw new Error(`npm ci failed in bench/peers: ${error?.message ?? ''}\n${stdout}${stderr}`);
}

/** npm writes its own copy of the lock file last. */
function isInstalled(directory: string): boolean {
  const installed = join(directory, 'node_modules/.package-lock.json');
  const wanted = join(directory, 'package-lock.json');
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(wanted).mtimeMs;
}

function headersOfThisNode(): Readonly<Record<string, string>> {
  const prefix = dirname(dirname(process.execPath));
  return existsSync(join(prefix, 'include/node/node_api.h')) ? { npm_config_nodedir: prefix } : {};
}
