/**
 * The life of a service process: start, serve until SIGINT or SIGTERM or until the parent is gone, stop in order.
 *
 * Exit codes: 0 stopped in order, 1 failed, 2 misconfigured, 3 a store is damaged, 130 cut short. A second SIGTERM
 * changes nothing, since supervisors repeat theirs; a second SIGINT, from somebody at a terminal, ends the process at once. Each
 * is told in a line. A service that belongs to a parent leaves SIGINT to it.
 */
import { DamagedStoreError, MisconfiguredError } from '../errors/errors.js';

const FAILED_EXIT_CODE = 1;
const CUT_SHORT_EXIT_CODE = 130;
/** Exit code of a service that cannot run as configured: starting it again does not help. */
export const MISCONFIGURED_EXIT_CODE = 2;
/** Exit code of a service whose store is damaged: starting it again does not help. */
export const DAMAGED_EXIT_CODE = 3;

/** Tells that the parent is gone. It may come several times, so it never ends the process at once. */
export const PARENT_GONE_SIGNAL = 'SIGUSR2';

const STOPPED_BY_ANYBODY = ['SIGINT', 'SIGTERM', PARENT_GONE_SIGNAL] as const;
/** What belongs to a parent leaves SIGINT to it. */
const STOPPED_BY_PARENT = ['SIGTERM', PARENT_GONE_SIGNAL] as const;

/** What is started and stopped. */
export interface RunningService {
  stop(): Promise<void>;
}

/**
 * @param start starts the service
 * @param exitWithParent has the kernel send PARENT_GONE_SIGNAL when the given parent dies; false when it is gone already
 */
export async function runService(
  name: string,
  start: () => Promise<RunningService>,
  exitWithParent: (parent: number) => boolean,
): Promise<void> {
  const parent = process.env.IRISPAIR_EXIT_WITH_PARENT;
  if (parent !== undefined && !exitWithParent(Number(parent))) process.exit(0);
  try {
    const service = await start();
    await stopSignal(parent === undefined ? STOPPED_BY_ANYBODY : STOPPED_BY_PARENT);
    stopsAlready(name, parent === undefined);
    await service.stop();
    process.exit(0);
  } catch (error) {
    const exitCode = exitCodeOf(error);
    const isForOperators = exitCode !== FAILED_EXIT_CODE && error instanceof Error;
    process.stderr.write(`${name} service: ${isForOperators ? error.message : describe(error)}\n`);
    process.exit(exitCode);
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof MisconfiguredError) return MISCONFIGURED_EXIT_CODE;
  return error instanceof DamagedStoreError ? DAMAGED_EXIT_CODE : FAILED_EXIT_CODE;
}

function stopSignal(signals: readonly NodeJS.Signals[]): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of signals) {
      process.on(signal, () => {
        resolve();
      });
    }
    // Ctrl-C at a terminal goes to all processes: the parent stops its services one after the other.
    if (!signals.includes('SIGINT')) process.on('SIGINT', () => undefined);
  });
}

function stopsAlready(name: string, isCutBySigint: boolean): void {
  process.on('SIGTERM', () => {
    process.stderr.write(`${name} service: it is stopping already: what is in work is finished first\n`);
  });
  if (!isCutBySigint) return;
  process.once('SIGINT', () => {
    process.stderr.write(`${name} service: cut short by a second SIGINT: what was in work has no answer\n`);
    process.exit(CUT_SHORT_EXIT_CODE);
  });
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
