/** Commands that start a program where a directory is mounted otherwise, in a mount namespace of its own: for tests. */
import { spawnSync } from 'node:child_process';

/** Starts the command that follows where this directory, with what is in it, is read-only. */
export function withReadOnly(directory: string): string[] {
  return withMounts(
    `mount --bind "${directory}" "${directory}" && mount -o remount,bind,ro "${directory}" && exec "$@"`,
  );
}

/** Runs a shell script in a mount namespace of its own; with `exec "$@"` at its end, the command that follows. */
export function withMounts(script: string): string[] {
  // Root needs no user namespace, and may be where none is allowed.
  const namespaces = process.getuid?.() === 0 ? ['--mount'] : ['--mount', '--map-root-user'];
  return ['unshare', ...namespaces, 'sh', '-c', script, 'sh'];
}

/** Why this machine cannot mount; undefined when it can. */
export function mountsRefused(): string | undefined {
  const [command, ...args] = withMounts('mount -t tmpfs tmpfs /tmp && exec "$@"');
  const { status, stderr } = spawnSync(command, [...args, 'true'], { encoding: 'utf8' });
  return status === 0 ? undefined : `this machine allows no mounts: ${stderr}`;
}
