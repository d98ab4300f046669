/** Candidates a second of every kernel on one core, beside the scalar kernel and the machine's read bandwidth. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';
import type { PartResult } from './results.js';

const PROGRAM = fileURLToPath(new URL('../../native/build/kernel_bench', import.meta.url));

interface KernelRow {
  readonly kernel: string;
  readonly window: string;
  readonly where: string;
  readonly candidates_per_second: number;
}

interface KernelFigures {
  readonly streaming_read_bytes_per_second: number;
  readonly eye_bytes: number;
  readonly rows: readonly KernelRow[];
}

/** Runs native/bench. */
export function runKernelBench(): PartResult {
  const { status, stdout, error } = spawnSync(PROGRAM, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0)
    throw new Error(`the kernel benchmark failed: ${error?.message ?? `exit code ${status ?? 1}`}`);
  const figures = JSON.parse(stdout) as KernelFigures;
  return { figures, text: kernelTable(figures) };
}

function kernelTable({
  streaming_read_bytes_per_second: bandwidth,
  eye_bytes: eye,
  rows,
}: KernelFigures): string {
  const table = new Table({
    head: ['kernel', 'window', 'where', 'candidates/s', 'to scalar', 'of read bandwidth'],
    style: { head: [], border: [] },
  });
  for (const row of rows) {
    const scalar = rows.find(
      ({ kernel, window, where }) => kernel === 'scalar' && window === row.window && where === row.where,
    );
    const ratio = row.candidates_per_second / (scalar?.candidates_per_second ?? NaN);
    const share = (row.candidates_per_second * eye) / bandwidth;
    table.push([
      row.kernel,
      row.window,
      row.where,
      row.candidates_per_second.toFixed(0),
      `${ratio.toFixed(1)}x`,
      `${(100 * share).toFixed(0)} %`,
    ]);
  }
  return `streaming read ${(bandwidth / 1e9).toFixed(1)} GB/s\n${table.toString()}`;
}
