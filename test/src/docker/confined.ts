/**
 * A program with all that it starts, none of which outlives it or this process.
 *
 * 1. The program is the first process of a process namespace: when it ends, however that is, the kernel ends the rest, an
 *    engine's daemons and containers among it.
 * 2. The kernel ends the program with this process. Mounts, and where wanted the network, are the namespace's own and go
 *    with it.
 * 3. A signal to this process is the end of the program's standard input: so it can stop in order first.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Whose network the program is in. */
export type ConfinedNetwork = 'machine' | 'own';

/**
 * Runs a compiled module of this package to its end.
 * @returns its exit code; 1 when a signal ended it
 */
export async function runConfined(
  network: ConfinedNetwork,
  module: string,
  ...args: readonly string[]
): Promise<number> {
  const user = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  const namespaces = [...user, '--pid', '--fork', '--kill-child', '--mount', '--mount-proc'];
  const begin = network === 'own' ? ['--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'] : [];
  const stopped = new AbortController();
  const stop = () => {
    stopped.abort();
  };
  // Before the program runs: a signal that comes meanwhile must not end this process alone.
  for (const signal of SIGNALS) process.on(signal, stop);
  const child = spawn(
    'setpriv',
    ['--pdeathsig', 'SIGKILL', 'unshare', ...namespaces, ...begin, process.execPath, module, ...args],
    // A terminal's signals reach this process alone.
    { stdio: ['pipe', 'inherit', 'inherit'], detached: true },
  );
  stopped.signal.addEventListener('abort', () => child.stdin.end());
  try {
    const [code] = (await once(child, 'exit')) as [number | null];
    return code ?? 1;
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop);
  }
}

/** In the program: aborted when the process that started it wants it to stop, or is gone. */
export function stopWanted(): AbortSignal {
  const wanted = new AbortController();
  const abort = () => {
    wanted.abort();
  };
  process.stdin.on('end', abort).on('error', abort).resume().unref();
  return wanted.signal;
}
