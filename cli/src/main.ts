/** The `irispair` command. */
import { Command, CommanderError } from 'commander';
import { IrisPairError } from '@irispair/common/errors/errors';
import { VERSION } from '@irispair/common/version';
import { detailsOf, isNotConnected, isUnavailable } from './client/pair-client.js';
import { PartiesError } from './client/party-outcomes.js';
import { addAdviseCommand } from './commands/advise.js';
import { addBulkCommands } from './commands/bulk.js';
import { addCompareCommand } from './commands/compare.js';
import { addDemoCommand } from './commands/demo.js';
import { addDoctorCommand } from './commands/doctor.js';
import { ExitCode } from './commands/exit-code.js';
import { addGenerateCommand } from './commands/generate.js';
import { addNodesCommands } from './commands/nodes.js';
import { addPlacementCommand } from './commands/placement.js';
import { addRecallCommand } from './commands/recall.js';
import { addShareCommand } from './commands/share.js';
import { addSingleCommands } from './commands/single.js';
import { addStoreCommands } from './commands/store.js';
import { addTransferCommands } from './commands/transfer.js';
import { addUpCommand } from './commands/up.js';
import { note } from './output/print.js';

const program = new Command('irispair')
  .description('Has this pair of eyes been enrolled before?')
  .version(VERSION)
  .exitOverride()
  .showHelpAfterError('(irispair COMMAND --help shows an example)')
  .addHelpText(
    'after',
    '\nExit codes: 0 done, 1 some input failed or the answer is no, 2 wrong usage, 3 no service answers',
  );

addUpCommand(program);
addGenerateCommand(program);
addBulkCommands(program);
addSingleCommands(program);
addShareCommand(program);
addCompareCommand(program);
addTransferCommands(program);
addStoreCommands(program);
addPlacementCommand(program);
addRecallCommand(program);
addDoctorCommand(program);
addNodesCommands(program);
addDemoCommand(program);
addAdviseCommand(program);

// The reader of a pipe may leave early, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(ExitCode.Done);
  throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

function report(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.Done : ExitCode.Usage;
  if (error instanceof PartiesError) {
    note(error.details);
    return isUnavailable(error) ? ExitCode.Unavailable : ExitCode.Failed;
  }
  if (isUnavailable(error)) {
    note(isNotConnected(error) ? describeAway(detailsOf(error)) : detailsOf(error));
    return ExitCode.Unavailable;
  }
  note(
    error instanceof IrisPairError || isErrno(error) || isCallError(error)
      ? messageOf(error)
      : stackOf(error),
  );
  return ExitCode.Failed;
}

function describeAway(reason: string): string {
  return `no graph service answers (${reason}): start one with \`irispair up\`, or name its address with --server`;
}

function isErrno(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

function isCallError(error: unknown): error is Error & { details: string } {
  return error instanceof Error && 'details' in error && typeof error.details === 'string';
}

function messageOf(error: unknown): string {
  if (isCallError(error)) return error.details;
  return error instanceof Error ? error.message : String(error);
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
