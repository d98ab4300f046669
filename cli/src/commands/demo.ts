/** `demo`: the main job behind `npm start`, and that of secret-shared mode behind `npm run demo:shared`. */
import type { Command } from 'commander';
import { InvalidInputError } from '@irispair/common/errors/errors';
import type { Columns } from '@irispair/common/iris/shape';
import { SHARED_COLUMNS } from '@irispair/common/iris/share';
import { runDemo } from '../demo/demo.js';
import { runSharedDemo } from '../demo/shared-demo.js';
import { note, print } from '../output/print.js';
import { ExitCode } from './exit-code.js';
import { columnsOption } from './options.js';

const PEOPLE = 2_000;
const PEOPLE_SHARED = 200;

interface DemoCommandOptions {
  readonly people?: number;
  readonly seed: string;
  readonly columns: Columns;
  readonly shared?: boolean;
}

/** Adds the command. */
export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description('start a pair, enrol made-up people, probe them, check every answer against an exact scan')
    .option('--people <count>', 'how many people; default 2000, with --shared 200', Number)
    .option('--seed <text>', 'the population', 'irispair')
    .addOption(columnsOption('columns of every code; not with --shared'))
    .option('--shared', 'three parties in secret-shared mode, checked against a pair in plain mode')
    .addHelpText('after', '\nExamples:\n  irispair demo --people 500\n  irispair demo --shared')
    .action(async (options: DemoCommandOptions) => {
      if (options.shared === true && options.columns !== SHARED_COLUMNS) {
        throw new InvalidInputError(
          '--columns',
          `${options.columns} with --shared: shares are of codes of ${SHARED_COLUMNS} columns: leave one of them out`,
        );
      }
      const abort = new AbortController();
      for (const signal of ['SIGINT', 'SIGTERM'] as const) {
        process.once(signal, () => {
          abort.abort();
        });
      }
      process.exitCode = await demo(options, abort.signal);
    });
}

const INTERRUPTED = 130;

async function demo(
  { people, seed, columns, shared }: DemoCommandOptions,
  abort: AbortSignal,
): Promise<number> {
  try {
    const failures =
      shared === true
        ? await runSharedDemo({ people: people ?? PEOPLE_SHARED, seed }, abort)
        : await runDemo({ people: people ?? PEOPLE, seed, columns }, abort);
    for (const failure of failures) note(`FAILED: ${failure}`);
    if (failures.length === 0) {
      print(
        shared === true
          ? 'all well: the parties decided as plain mode did, and none of them saw an iris'
          : 'all well: nobody missed, nobody mistaken',
      );
    }
    return failures.length === 0 ? ExitCode.Done : ExitCode.Failed;
  } catch (error) {
    if (!abort.aborted) throw error;
    note('stopped');
    return INTERRUPTED;
  }
}
