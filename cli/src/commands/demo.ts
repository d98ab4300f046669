/** `demo`: the main job behind `npm start`. */
import type { Command } from 'commander';
import { runDemo } from '../demo/demo.js';
import { note, print } from '../output/print.js';
import { ExitCode } from './exit-code.js';

/** Adds the command. */
export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description('start a pair, enrol made-up people, probe them, check every answer against an exact scan')
    .option('--people <count>', 'how many people', Number, 2_000)
    .option('--seed <text>', 'the population', 'irispair')
    .addHelpText('after', '\nExample:\n  irispair demo --people 500')
    .action(async (options: { people: number; seed: string }) => {
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

async function demo(options: { people: number; seed: string }, abort: AbortSignal): Promise<number> {
  try {
    const failures = await runDemo(options, abort);
    for (const failure of failures) note(`FAILED: ${failure}`);
    if (failures.length === 0) print('all well: nobody missed, nobody mistaken');
    return failures.length === 0 ? ExitCode.Done : ExitCode.Failed;
  } catch (error) {
    if (!abort.aborted) throw error;
    note('stopped');
    return INTERRUPTED;
  }
}
