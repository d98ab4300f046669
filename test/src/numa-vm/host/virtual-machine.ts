/** Boots one machine under a time limit and tells what the guest reports. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Machine } from '../machines.js';
import { parseReportLine, type ReportLine } from '../report.js';

/** What a boot needs. */
export interface Boot {
  readonly machine: Machine;
  /** Scenarios to run, in order. */
  readonly scenarios: readonly string[];
  /** Directory with the unpacked kernel package. */
  readonly kernel: string;
  readonly image: string;
  /** File for all that the guest's console says. */
  readonly consoleLog: string;
  readonly reported: (line: ReportLine) => void;
}

/** The machine with most scenarios takes about 3 minutes on 2 cores that have nothing else to do. */
const LONGEST_SECONDS = 600;

// No mitigations: they cost much where every instruction is translated, and guard nothing here. One CPU at first: the init
// starts the others.
const KERNEL_PARAMETERS = 'console=ttyS0 quiet panic=-1 mitigations=off nokaslr maxcpus=1';

/** Resolves to why the guest did not get to its end, or to nothing. */
export async function boot({
  machine,
  scenarios,
  kernel,
  image,
  consoleLog,
  reported,
}: Boot): Promise<string | undefined> {
  const child = spawn(
    'setpriv',
    [
      // The kernel ends the machine with this process, however that ends.
      ...['--pdeathsig', 'SIGKILL', '--', 'qemu-system-x86_64'],
      ...['-machine', 'q35', '-accel', 'tcg,thread=multi', '-cpu', 'max', ...machine.topology],
      ...['-kernel', kernelIn(kernel), '-initrd', image],
      ...['-append', `${KERNEL_PARAMETERS} irispair.scenarios=${scenarios.join(',')}`],
      ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
      ...['-serial', `file:${consoleLog}`, '-serial', 'stdio'],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let complaint = '';
  const outcome = { ended: false, late: false };
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = parseReportLine(text.trim());
    if (line === undefined) return;
    if (line.kind === 'end') outcome.ended = true;
    else reported(line);
  });
  const limit = setTimeout(() => {
    outcome.late = true;
    child.kill('SIGKILL');
  }, LONGEST_SECONDS * 1_000);
  await once(child, 'close');
  clearTimeout(limit);
  if (outcome.late) return `it was not through after ${LONGEST_SECONDS} s`;
  return outcome.ended
    ? undefined
    : `it stopped before its end${complaint === '' ? '' : `: ${complaint.trim()}`}`;
}

function kernelIn(directory: string): string {
  const name = readdirSync(join(directory, 'boot')).find((file) => file.startsWith('vmlinuz-'));
  if (name === undefined) throw new Error(`no kernel in ${directory}/boot: remove that folder and try again`);
  return join(directory, 'boot', name);
}
