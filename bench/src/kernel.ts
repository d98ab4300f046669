/** Candidates a second of every kernel on one core, beside the scalar kernel and the machine's read bandwidth. */
import Table from 'cli-table3';
import { figuresOf } from './native-program.js';
import type { PartResult } from './results.js';

interface KernelRow {
  readonly kernel: string;
  readonly window: string;
  readonly where: string;
  readonly candidates_per_second: number;
}

interface KernelFigures {
  readonly streaming_read_bytes_per_second: number;
  readonly eye_bytes: number;
  readonly backing: string;
  readonly rows: readonly KernelRow[];
}

/** Runs native/bench. */
export function runKernelBench(): PartResult {
  const figures = figuresOf('kernel_bench') as KernelFigures;
  return { figures, text: kernelTable(figures) };
}

function kernelTable({
  streaming_read_bytes_per_second: bandwidth,
  eye_bytes: eye,
  backing,
  rows,
}: KernelFigures): string {
  const table = new Table({
    head: ['kernel', 'window', 'where', 'candidates/s', 'to scalar', 'to scalar native', 'of read bandwidth'],
    style: { head: [], border: [] },
  });
  for (const row of rows) {
    const ratioTo = (other: string) => {
      const beside = rows.find(
        ({ kernel, window, where }) => kernel === other && window === row.window && where === row.where,
      );
      return `${(row.candidates_per_second / (beside?.candidates_per_second ?? NaN)).toFixed(1)}x`;
    };
    const share = (row.candidates_per_second * eye) / bandwidth;
    table.push([
      row.kernel,
      row.window,
      row.where,
      row.candidates_per_second.toFixed(0),
      ratioTo('scalar'),
      ratioTo('scalar native'),
      `${(100 * share).toFixed(0)} %`,
    ]);
  }
  return `streaming read ${(bandwidth / 1e9).toFixed(1)} GB/s, irises on ${backing} pages\n${table.toString()}`;
}
