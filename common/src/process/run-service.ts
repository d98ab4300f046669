/**
 * The life of a service process: start, serve until SIGINT or SIGTERM or until the parent is gone, stop in order.
 *
 * Exit codes: 0 stopped in order, 1 failed, 2 misconfigured, 3 a store is damaged. A second SIGINT or SIGTERM ends the process at once.
 */
import { DamagedStoreError, MisconfiguredError } from '../errors/errors.js';

const FAILED_EXIT_CODE = 1;
/** Exit code of a service that cannot run as configured: starting it again does not help. */
export const MISCONFIGURED_EXIT_CODE = 2;
/** Exit code of a service whose store is damaged: starting it again does not help. */
export const DAMAGED_EXIT_CODE = 3;

/** Tells that the parent is gone. It may come several times, so it never ends the process at once. */
export const PARENT_GONE_SIGNAL = 'SIGUSR2';

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
    await stopSignal();
    process.once('SIGINT', exitAtOnce).once('SIGTERM', exitAtOnce);
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

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => {
      resolve();
    });
    process.once('SIGTERM', () => {
      resolve();
    });
    process.on(PARENT_GONE_SIGNAL, () => {
      resolve();
    });
  });
}

function exitAtOnce(): never {
  process.exit(130);
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
