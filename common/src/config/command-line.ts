/** What a service takes on its command line: settings that people give by hand, in front of the environment's. */
import { parseArgs } from 'node:util';
import { MisconfiguredError } from '../errors/errors.js';
import type { Environment } from './environment.js';

/** One option. */
export interface CommandLineOption {
  /** The environment variable that it stands for. */
  readonly setting: string;
  /** `switch` sets 1; `value` takes what follows. */
  readonly kind: 'value' | 'switch';
}

/**
 * The environment, with what the command line says instead.
 * @param options by name, without the dashes
 * @throws MisconfiguredError naming what is not known
 */
export function readCommandLine(
  argumentsGiven: readonly string[],
  environment: Environment,
  options: Readonly<Record<string, CommandLineOption>>,
): Environment {
  const settings: Record<string, string> = {};
  for (const [name, value] of Object.entries(parse(argumentsGiven, options))) {
    settings[options[name].setting] = typeof value === 'string' ? value : '1';
  }
  return { ...environment, ...settings };
}

function parse(
  argumentsGiven: readonly string[],
  options: Readonly<Record<string, CommandLineOption>>,
): Readonly<Record<string, unknown>> {
  try {
    return parseArgs({
      args: [...argumentsGiven],
      options: Object.fromEntries(
        Object.entries(options).map(([name, { kind }]) => [
          name,
          { type: kind === 'value' ? 'string' : 'boolean' },
        ]),
      ),
    }).values;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const known = Object.entries(options).map(
      ([name, { kind }]) => `--${name}${kind === 'value' ? ' ...' : ''}`,
    );
    throw new MisconfiguredError(`${error.message} (it takes ${known.join(', ')})`, { cause: error });
  }
}
