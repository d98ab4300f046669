/** `placement`: where a running pair is, and whether that is where it should be. */
import { writeFile } from 'node:fs/promises';
import { messageOf } from '@irispair/common/errors/message';
import type { Command } from 'commander';
import { InvalidInputError } from '@irispair/common/errors/errors';
import { PairClient } from '../client/pair-client.js';
import { formatOf, note, print } from '../output/print.js';
import { placementJson } from '../placement/json.js';
import { drawPlacement } from '../placement/svg.js';
import { describePlacement, describeTargets } from '../placement/tables.js';
import { checkTargets } from '../placement/targets.js';
import { plotPlacement } from '../placement/terminal-plot.js';
import { ExitCode } from './exit-code.js';
import { jsonOption, serverOption, type ServerOptions } from './options.js';

interface PlacementOptions extends ServerOptions {
  readonly check?: boolean;
  readonly certain?: boolean;
  readonly svg?: string;
}

/** Adds the command. */
export function addPlacementCommand(program: Command): void {
  program
    .command('placement')
    .description('where a running pair is: threads by CPU and node, memory by node, hugepages, moves')
    .addOption(serverOption())
    .option('--check', 'exit code 1 when a target is missed')
    .option('--certain', 'with --check: also when it cannot be told whether a target is met')
    .option('--svg <file>', 'also draw it into a file')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  irispair placement --check --svg placement.svg')
    .action(async (options: PlacementOptions) => {
      process.exitCode = await show(options);
    });
}

async function show(options: PlacementOptions): Promise<ExitCode> {
  const client = new PairClient(options.server);
  const report = await client.placement().finally(() => {
    client.close();
  });
  const targets = checkTargets(report);
  if (options.svg !== undefined) await writeSvg(options.svg, drawPlacement(report, targets));
  if (formatOf(options) === 'json') print(placementJson(report, targets));
  else print([describePlacement(report), plotPlacement(report), describeTargets(targets)].join('\n\n'));
  if (report.irisAway !== '') note(report.irisAway);
  const failing = options.certain === true ? ['missed', 'cannot tell'] : ['missed'];
  if (options.check === true && targets.some(({ verdict }) => failing.includes(verdict)))
    return ExitCode.Failed;
  return report.irisAway === '' ? ExitCode.Done : ExitCode.Unavailable;
}

async function writeSvg(path: string, svg: string): Promise<void> {
  try {
    await writeFile(path, svg);
  } catch (error) {
    const why = messageOf(error);
    throw new InvalidInputError('--svg', `cannot be written, name another file: ${why}`);
  }
}
