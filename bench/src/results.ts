/** Keeps figures: the latest of every part, and whole runs on request. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeMachine, machineInWords } from './machine.js';

const RESULTS = fileURLToPath(new URL('../results/', import.meta.url));

/** What one part measured, for programs and for people. */
export interface PartResult {
  readonly figures: unknown;
  readonly text: string;
}

/** Writes bench/results/latest.<part>.json. */
export function keepLatest(part: string, { figures }: PartResult): void {
  mkdirSync(RESULTS, { recursive: true });
  writeJson(join(RESULTS, `latest.${part}.json`), figures);
}

/**
 * Writes bench/results/<date and time>-<machine>.json and the tables beside it.
 * @returns the path without its ending
 */
export function saveRun(results: ReadonlyMap<string, PartResult>): string {
  mkdirSync(RESULTS, { recursive: true });
  const machine = describeMachine();
  const date = new Date().toISOString().slice(0, 16).replace(':', '');
  const commit = currentCommit();
  const path = join(RESULTS, `${date}-${machineInWords(machine)}`);
  const parts = Object.fromEntries([...results].map(([part, { figures }]) => [part, figures]));
  writeJson(`${path}.json`, { date, commit, machine, parts });
  const title = `${date}, ${machine.processor}, ${machine.cpus} CPUs, Node ${machine.node}, commit ${commit}`;
  const tables = [...results].map(([part, { text }]) => `## ${part}\n\n\`\`\`text\n${text}\n\`\`\`\n`);
  writeFileSync(`${path}.md`, [`# ${title}\n`, ...tables].join('\n'));
  return path;
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** `unknown` outside a checkout; `-changed` when the checkout differs from its commit. */
function currentCommit(): string {
  const { status, stdout } = spawnSync('git', ['describe', '--always', '--dirty=-changed'], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : 'unknown';
}
