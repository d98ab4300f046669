/** Comparisons a second a core on shares: dot products, and what three parties do with them. */
import Table from 'cli-table3';
import { figuresOf } from './native-program.js';
import type { PartResult } from './results.js';

interface ProtocolRow {
  readonly program: string;
  readonly rotations: number;
  readonly batch: number;
  readonly dots_per_second: number;
  readonly protocol_per_second: number;
  /** Dot products and protocol together. */
  readonly comparisons_per_second: number;
  readonly rounds: number;
  readonly bytes_per_comparison: number;
}

interface ProtocolFigures {
  readonly kernel: string;
  readonly queries: number;
  readonly rows: readonly ProtocolRow[];
}

/** Runs native/bench. */
export function runProtocolBench(): PartResult {
  const figures = figuresOf('protocol_bench') as ProtocolFigures;
  return { figures, text: protocolTable(figures) };
}

function protocolTable({ kernel, queries, rows }: ProtocolFigures): string {
  const table = new Table({
    head: ['program', 'rotations', 'batch', 'dots/s', 'protocol/s', 'both/s', 'rounds', 'bytes each'],
    style: { head: [], border: [] },
  });
  for (const row of rows) {
    table.push([
      row.program,
      row.rotations,
      row.batch,
      row.dots_per_second.toFixed(0),
      row.protocol_per_second.toFixed(0),
      row.comparisons_per_second.toFixed(0),
      row.rounds,
      row.bytes_per_comparison.toFixed(1),
    ]);
  }
  return `comparisons a second a core; dot products of ${queries} queries at once, by the ${kernel} kernel\n${table.toString()}`;
}
