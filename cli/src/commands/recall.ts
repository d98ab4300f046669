/** `recall`: how many of the people who come again are found, measured on a pair that serves. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { readDecimal } from '@irispair/common/config/number';
import { InvalidInputError } from '@irispair/common/errors/errors';
import { irisMessage } from '@irispair/common/iris/message';
import type * as api from '@irispair/proto/public';
import { PairClient } from '../client/pair-client.js';
import { parseCapture, readLines } from '../input/ndjson.js';
import { formatOf, note, print } from '../output/print.js';
import { startProgress } from '../output/progress.js';
import { describeRecall, missesTarget, recallJson } from '../recall/describe.js';
import { ExitCode } from './exit-code.js';
import { integerArgument, jsonOption, serverOption, type ServerOptions } from './options.js';

interface RecallOptions extends ServerOptions {
  readonly samples?: number;
  readonly probes?: string;
  readonly target: number;
}

const DEFAULT_SAMPLES = 1_000;
const MOST_SAMPLES = 10_000;

/** Adds the command. */
export function addRecallCommand(program: Command): void {
  program
    .command('recall')
    .description(
      'measure how many of the people who come again are found; exit code 1 when fewer than --target',
    )
    .addOption(
      new Option('--samples <n>', 'make up new captures of so many enrolled people, on the iris service')
        .argParser(integerArgument(1, MOST_SAMPLES))
        .conflicts('probes'),
    )
    .option(
      '--probes <file>',
      'NDJSON file with new captures of enrolled people, - for standard input: truer',
    )
    .addOption(
      new Option('--target <share>', 'share to be found, that parameters are suggested for')
        .argParser(readTarget)
        .default(0.995),
    )
    .addOption(serverOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  irispair recall --probes recaptures.ndjson --target 0.995')
    .action(async (options: RecallOptions) => {
      process.exitCode = await measure(options);
    });
}

async function measure({ samples, probes, target, ...options }: RecallOptions): Promise<ExitCode> {
  const client = new PairClient(options.server);
  const plan = { samples: probes === undefined ? (samples ?? DEFAULT_SAMPLES) : 0, target };
  const bar = startProgress('measuring', probes === undefined ? plan.samples : null);
  try {
    const result = await client
      .measureRecall(plan, probes === undefined ? [] : readProbes(probes), ({ done, all }) => {
        if (all > 0) bar.expect(all);
        bar.reach(done);
      })
      .finally(() => {
        bar.stop();
        client.close();
      });
    print(formatOf(options) === 'json' ? recallJson(result, plan) : describeRecall(result, target));
    if (plan.samples > 0 && formatOf(options) === 'text')
      note(
        'captures made up from what is stored know nothing of what changes between two real ones: for a target, give --probes',
      );
    return missesTarget(result, target) ? ExitCode.Failed : ExitCode.Done;
  } finally {
    bar.stop();
  }
}

async function* readProbes(file: string): AsyncGenerator<api.Iris> {
  for await (const line of readLines(file, parseCapture)) {
    if ('problem' in line) throw new InvalidInputError(`${file}:${line.number}`, line.problem);
    yield irisMessage(line.item.iris);
  }
}

function readTarget(text: string): number {
  const target = readDecimal(text);
  if (target !== undefined && target > 0 && target < 1) return target;
  throw new InvalidArgumentError('Give a share above 0 and below 1, such as 0.995.');
}
