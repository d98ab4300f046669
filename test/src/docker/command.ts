/** Runs programs and takes their output. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** What a program did. */
export interface CommandResult {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

/** How a program is run. */
export interface CommandOptions {
  readonly directory?: string;
  /** Beside the environment of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Standard input. */
  readonly input?: string;
}

/** Runs a program to its end, whatever that is. */
export async function runCommand(
  [program, ...args]: readonly [string, ...string[]],
  { directory, environment, input = '' }: CommandOptions = {},
): Promise<CommandResult> {
  const child = spawn(program, args, {
    cwd: directory,
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close') as Promise<[number | null]>;
  // A program that does not read its input may be gone before that is written.
  child.stdin.on('error', () => undefined).end(input);
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code: code ?? 1, output, errors };
}

/** Runs a program that must succeed. Returns its standard output. @throws Error with all that it said */
export async function mustRun(
  command: readonly [string, ...string[]],
  options: CommandOptions = {},
): Promise<string> {
  const { code, output, errors } = await runCommand(command, options);
  if (code === 0) return output;
  throw new Error(`${command.join(' ')}: exit code ${code}\n${output}${errors}`);
}
