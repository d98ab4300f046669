/** `advise`: does separating the nodes pay on this machine? */
import { access, constants, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { messageOf } from '@irispair/common/errors/message';
import { InvalidArgumentError, type Command } from 'commander';
import { MisconfiguredError } from '@irispair/common/errors/errors';
import type { Placement } from '@irispair/common/placement/decide';
import { adviseOnPair, type AdviseOptions } from '../advise/advise-pair.js';
import { drawReport } from '../advise/html.js';
import { PLACEMENTS } from '../advise/scenarios.js';
import { describeReport } from '../advise/tables.js';
import { note, print } from '../output/print.js';
import { ExitCode } from './exit-code.js';
import { integerArgument } from './options.js';

interface GivenOptions {
  readonly people: number;
  readonly seconds?: number;
  readonly rounds?: number;
  readonly quick?: boolean;
  readonly placements?: readonly Placement[];
  readonly json?: string;
  readonly html?: string;
}

const INTERRUPTED = 130;
const SECONDS = 300;
const ROUNDS = 5;
const QUICK_SECONDS = 30;
const QUICK_ROUNDS = 3;

/** Adds the command. */
export function addAdviseCommand(program: Command): void {
  program
    .command('advise')
    .description('measure on made-up people whether separating the nodes pays on this machine')
    .option('--people <count>', 'how many people', integerArgument(100, 10_000_000), 10_000)
    .option(
      '--seconds <seconds>',
      `of each scenario (default: ${SECONDS}, with --quick ${QUICK_SECONDS})`,
      integerArgument(1, 86_400),
    )
    .option(
      '--rounds <count>',
      `how often everything is measured (default: ${ROUNDS}, with --quick ${QUICK_ROUNDS})`,
      integerArgument(1, 1_000),
    )
    .option('--quick', 'short scenarios, few rounds: a first impression')
    .option(
      '--placements <list>',
      'only these, such as split,off (default: all that the machine allows)',
      readPlacements,
    )
    .option('--json <file>', 'also write everything that was measured; - prints it instead of the tables')
    .option('--html <file>', 'also write a page with plots')
    .addHelpText('after', '\nExample:\n  irispair advise --quick --html advice.html')
    .action(async (options: GivenOptions) => {
      process.exitCode = await runAdvise(options);
    });
}

async function runAdvise(given: GivenOptions): Promise<number> {
  const options = readOptions(given);
  const { json, html } = given;
  if (json !== undefined && json !== '-') await checkWritable('--json', json);
  if (html !== undefined) await checkWritable('--html', html);
  const interrupt = new AbortController();
  const stop = () => {
    if (!interrupt.signal.aborted) note('\nstopping');
    interrupt.abort(new Error('interrupted'));
  };
  // For as long as it runs: a second Ctrl-C must not leave processes and a directory behind.
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    const report = await adviseOnPair(options, interrupt.signal);
    if (report === null) {
      note('stopped before anything was measured');
      return INTERRUPTED;
    }
    if (json === '-') print(JSON.stringify(report));
    else print(describeReport(report));
    if (json !== undefined && json !== '-') await writeFile(json, `${JSON.stringify(report)}\n`);
    if (html !== undefined) await writeFile(html, drawReport(report));
    return report.partial === null ? ExitCode.Done : INTERRUPTED;
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

function readOptions({ people, seconds, rounds, quick = false, placements }: GivenOptions): AdviseOptions {
  return {
    people,
    seconds: seconds ?? (quick ? QUICK_SECONDS : SECONDS),
    rounds: rounds ?? (quick ? QUICK_ROUNDS : ROUNDS),
    placements: placements ?? null,
  };
}

function readPlacements(given: string): Placement[] {
  const asked = given.split(',').map((word) => word.trim());
  const unknown = asked.find((word) => !PLACEMENTS.some((placement) => placement === word));
  if (unknown === undefined) return PLACEMENTS.filter((placement) => asked.includes(placement));
  throw new InvalidArgumentError(`"${unknown}" is none of ${PLACEMENTS.join(', ')}.`);
}

/** Seen before hours of measuring, not after. */
async function checkWritable(option: string, path: string): Promise<void> {
  try {
    const existing = await stat(path).catch(() => null);
    if (existing?.isDirectory() === true) throw new Error('it is a directory');
    await access(existing === null ? dirname(resolve(path)) : path, constants.W_OK);
  } catch (error) {
    const why = messageOf(error);
    throw new MisconfiguredError(`${option}: ${path} cannot be written, name another file: ${why}`);
  }
}
