/**
 * Services as other users, which only root can start.
 *
 * Other users may not reach this repository, or node, where root has them: both are mounted where everybody may go, in a
 * mount namespace of the service's own that ends with it.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withMounts } from '@irispair/common/support/mounts';
import type { Launch } from './service-process.js';

/** Whom a service runs as. */
export interface User {
  readonly user: number;
  /** First its own group, then the others. */
  readonly groups: readonly [number, ...number[]];
}

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));

/** Makes the places to mount on, in a directory that everybody may enter; gives the launch of each user. */
export async function launchesIn(directory: string): Promise<(user: User) => Launch> {
  const [repository, node] = [join(directory, 'repository'), join(directory, 'node')];
  await mkdir(repository);
  await writeFile(node, '');
  const mounts = `mount --bind "${REPOSITORY}" "${repository}" && mount --bind "${process.execPath}" "${node}" && exec "$@"`;
  return ({ user, groups: [own, ...others] }) => ({
    command: [
      ...withMounts(mounts),
      ...['setpriv', `--reuid=${user}`, `--regid=${own}`],
      others.length === 0 ? '--clear-groups' : `--groups=${others.join(',')}`,
    ],
    place: (file) => (file === process.execPath ? node : join(repository, relative(REPOSITORY, file))),
  });
}
