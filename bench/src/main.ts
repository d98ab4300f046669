/** `npm run bench`: what is measured, against what. See bench/README.md. */
import { CommanderError } from 'commander';
import { runAuditBench } from './audit.js';
import { runCrossoverBench } from './crossover.js';
import { runHopBench } from './hop.js';
import { runKernelBench } from './kernel.js';
import { runLinksBench } from './links.js';
import { runLoadBench } from './load.js';
import { readCommand, type BenchOptions } from './options.js';
import { runPartiesBench } from './parties.js';
import { runPeersBench } from './peers.js';
import { runProtocolBench } from './protocols.js';
import { keepLatest, saveRun, type PartResult } from './results.js';
import { runSharesBench } from './shares.js';
import { runTracesBench } from './traces.js';
import { runWholeBench } from './whole.js';

interface Part {
  readonly run: (options: BenchOptions) => PartResult | Promise<PartResult>;
  /** Runs when no part is named. */
  readonly byDefault: boolean;
}

const PARTS: Readonly<Record<string, Part>> = {
  kernel: { run: runKernelBench, byDefault: true },
  shares: { run: runSharesBench, byDefault: true },
  protocols: { run: runProtocolBench, byDefault: true },
  hop: { run: runHopBench, byDefault: true },
  whole: { run: runWholeBench, byDefault: true },
  crossover: { run: runCrossoverBench, byDefault: false },
  audit: { run: runAuditBench, byDefault: false },
  links: { run: runLinksBench, byDefault: false },
  parties: { run: runPartiesBench, byDefault: false },
  load: { run: runLoadBench, byDefault: false },
  traces: { run: runTracesBench, byDefault: false },
  peers: { run: runPeersBench, byDefault: false },
};
const WRONG_ARGUMENTS = 2;
const INTERRUPTED = 130;

// Ends by exit, so that what is to be removed at exit is.
process.once('SIGINT', () => process.exit(INTERRUPTED));

const command = understood();
if (command !== undefined) {
  const { parts, options, save } = command;
  const results = new Map<string, PartResult>();
  for (const [name, { run, byDefault }] of Object.entries(PARTS)) {
    if (parts.length > 0 ? !parts.includes(name) : !byDefault) continue;
    process.stdout.write(`\n${name}\n`);
    const result = await run(options);
    process.stdout.write(`${result.text}\n`);
    keepLatest(name, result);
    results.set(name, result);
  }
  if (save) process.stdout.write(`\nsaved as ${saveRun(results)}.json and .md\n`);
}

function understood() {
  try {
    return readCommand(process.argv.slice(2), PARTS);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? 0 : WRONG_ARGUMENTS;
    return undefined;
  }
}
