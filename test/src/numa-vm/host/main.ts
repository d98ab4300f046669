/**
 * `npm run test:numa`: the pair on machines with real NUMA nodes, in QEMU's software emulation.
 *
 * 1. Install the packages, fetch the guest's kernel, build the guest's file system.
 * 2. Boot each machine; two at a time, as many as there are cores for.
 * 3. Print what each guest reports, and how many checks passed and failed. The console's log stays when one failed.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MACHINES, type Machine } from '../machines.js';
import type { ReportLine } from '../report.js';
import { buildImage, ROOT } from './image.js';
import { boot } from './virtual-machine.js';

const DIRECTORY = join(ROOT, '.irispair/numa-vm');
const MACHINES_AT_ONCE = 2;

interface Counts {
  passed: number;
  failed: number;
}

interface Prepared {
  readonly kernel: string;
  readonly image: string;
}

const { values } = parseArgs({
  options: { only: { type: 'string' }, list: { type: 'boolean', default: false } },
});
if (values.list) {
  for (const { name, description, scenarios } of MACHINES) {
    print(`${name}: ${description}\n${scenarios.map((scenario) => `  ${scenario}`).join('\n')}`);
  }
} else {
  process.exitCode = await run(choose(values.only));
}

/** The machines with what runs on them: everything, or one machine or scenario. */
function choose(only: string | undefined): Machine[] {
  if (only === undefined) return [...MACHINES];
  const chosen = MACHINES.flatMap((machine) => {
    if (machine.name === only) return [machine];
    return machine.scenarios.includes(only) ? [{ ...machine, scenarios: [only] }] : [];
  });
  if (chosen.length === 0) {
    print(`--only ${only}: no such machine or scenario; --list names them`);
    process.exit(2);
  }
  return chosen;
}

async function run(machines: readonly Machine[]): Promise<number> {
  const begun = Date.now();
  const prepared = await prepare();
  const counts: Counts = { passed: 0, failed: 0 };
  const waiting = [...machines];
  const bootNext = async (): Promise<void> => {
    for (let machine = waiting.shift(); machine !== undefined; machine = waiting.shift()) {
      await runMachine(machine, prepared, counts);
    }
  };
  await Promise.all(Array.from({ length: MACHINES_AT_ONCE }, bootNext));
  print(`${Math.round((Date.now() - begun) / 1_000)} s`);
  print(`${counts.passed} passed, ${counts.failed} failed`);
  return counts.failed === 0 ? 0 : 1;
}

async function prepare(): Promise<Prepared> {
  mkdirSync(DIRECTORY, { recursive: true });
  const kernel = join(DIRECTORY, 'kernel');
  packages('numa');
  packages('numa-kernel', kernel);
  return { kernel, image: await buildImage(DIRECTORY) };
}

function packages(...args: readonly string[]): void {
  execFileSync('sh', ['scripts/packages.sh', ...args], { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
}

async function runMachine(machine: Machine, prepared: Prepared, counts: Counts): Promise<void> {
  const begun = Date.now();
  let failed = 0;
  const consoleLog = join(DIRECTORY, `${machine.name}.log`);
  const count = (line: ReportLine) => {
    if (line.kind === 'check' && line.problem === '') counts.passed += 1;
    if (line.kind === 'check' && line.problem !== '') failed += 1;
    show(machine, line);
  };
  const problem = await boot({
    machine,
    scenarios: machine.scenarios,
    ...prepared,
    consoleLog,
    reported: count,
  });
  if (problem !== undefined) {
    count({ kind: 'check', scenario: 'boot', what: 'runs every scenario to its end', problem });
  }
  const seconds = Math.round((Date.now() - begun) / 1_000);
  print(`[${machine.name}] ${machine.description}: ${seconds} s`);
  counts.failed += failed;
  if (failed === 0) rmSync(consoleLog, { force: true });
  else print(`[${machine.name}] the console's log: ${consoleLog}`);
}

function show({ name }: Machine, line: ReportLine): void {
  if (line.kind === 'figure') print(`[${name}] ${line.scenario}: ${line.text}`);
  if (line.kind === 'check') {
    const mark = line.problem === '' ? 'ok    ' : 'FAILED';
    const problem = line.problem === '' ? '' : `\n${line.problem.replace(/^/gm, '         ')}`;
    print(`${mark} [${name}] ${line.scenario}: ${line.what}${problem}`);
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
