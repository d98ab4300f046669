/** Says what became of binding a service to its node. */
import { MisconfiguredError } from '../errors/errors.js';
import type { Logger } from '../log/logger.js';

/** What was refused; empty strings for nothing. */
export interface RefusedBinding {
  readonly cpusRefused: string;
  readonly memoryRefused: string;
}

/** Warns, or stops a strict service. @throws MisconfiguredError */
export function reportBinding(refused: RefusedBinding, strict: boolean, logger: Logger): void {
  if (refused.cpusRefused === '' && refused.memoryRefused === '') return;
  if (strict) {
    throw new MisconfiguredError(
      `binding to the node was refused (CPUs: ${refused.cpusRefused || 'done'}, memory: ${refused.memoryRefused || 'done'}): ` +
        'grant CAP_SYS_NICE, or unset IRISPAIR_PLACEMENT_STRICT',
    );
  }
  logger.warn(refused, 'binding to the node was refused: going on without');
}
