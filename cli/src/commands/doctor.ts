/** `doctor`: is this machine fit for a pair? */
import { HIGHEST_SERIAL_ID } from '@irispair/common/ids/vector-id';
import { readTopology } from '@irispair/native/topology';
import { Option, type Command } from 'commander';
import type { Finding } from '../doctor/finding.js';
import { examineMachine } from '../doctor/machine.js';
import { examineForPair } from '../doctor/pair.js';
import { MODES, type PairMode } from '../nodes/pair-mode.js';
import { formatOf, print, table } from '../output/print.js';
import { ExitCode } from './exit-code.js';
import { integerArgument, jsonOption } from './options.js';

interface DoctorOptions {
  readonly capacity?: number;
  readonly mode: PairMode;
  readonly json?: boolean;
}

/** Adds the command. */
export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('check nodes, hugepages, permissions and CPU; exit code 1 when the pair cannot run')
    .option(
      '--capacity <irises>',
      'whether an iris service that holds as many would sit right here, with the IRIS_MPC_* and IRISPAIR_* variables of placement: its arenas are mapped and given back',
      integerArgument(1, HIGHEST_SERIAL_ID),
    )
    .addOption(
      new Option('--mode <mode>', 'with --capacity: what irises are').choices(MODES).default('plain'),
    )
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  irispair doctor --json\n  irispair doctor --capacity 1000000')
    .action(async (options: DoctorOptions) => {
      const findings = await examine(options);
      if (formatOf(options) === 'json') print(JSON.stringify(findings));
      else print(table(['what', 'fitness', 'found', 'remedy'], findings.map(asRow)));
      process.exitCode = findings.some(({ fitness }) => fitness === 'unfit')
        ? ExitCode.Failed
        : ExitCode.Done;
    });
}

async function examine({ capacity, mode }: DoctorOptions): Promise<Finding[]> {
  const topology = readTopology();
  if (capacity === undefined) return examineMachine(topology);
  return examineForPair(topology, { capacity, mode }, process.env);
}

function asRow({ what, fitness, found, remedy }: Finding): string[] {
  return [what, fitness, found, remedy];
}
