/** `npm run bench`: what is measured, against what. `npm run bench kernel` or `hop` runs one part. */
import { runHopBench } from './hop.js';
import { runKernelBench } from './kernel.js';

const BENCHMARKS: Readonly<Record<string, () => Promise<void> | void>> = {
  kernel: runKernelBench,
  hop: runHopBench,
};

const wanted = process.argv.slice(2);
for (const [name, run] of Object.entries(BENCHMARKS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  process.stdout.write(`\n${name}\n`);
  await run();
}
