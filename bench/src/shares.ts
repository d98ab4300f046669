/** Dot products of shares a second, out of cache, beside a straightforward loop and the machine's read bandwidth. */
import Table from 'cli-table3';
import { figuresOf } from './native-program.js';
import type { PartResult } from './results.js';

/** The loop as a CPU with AVX2 and without AVX-512 would have it. */
const AVX2_LOOP = 'straightforward AVX2';

interface ShareRow {
  readonly kernel: string;
  readonly rotations: number;
  readonly queries: number;
  readonly cores: number;
  /** Each compared with all queries at all rotations. */
  readonly candidates_per_second: number;
  readonly to_straightforward: number;
  readonly of_bandwidth: number;
}

interface ShareFigures {
  readonly records: number;
  readonly record_bytes: number;
  readonly backing: string;
  readonly streaming_read_bytes_per_second: { readonly one_core: number; readonly all_cores: number };
  readonly rows: readonly ShareRow[];
}

/** Runs native/bench. */
export function runSharesBench(): PartResult {
  const figures = figuresOf('share_bench') as ShareFigures;
  return { figures, text: sharesTable(figures) };
}

function sharesTable({
  records,
  record_bytes: record,
  backing,
  streaming_read_bytes_per_second: bandwidth,
  rows,
}: ShareFigures): string {
  const table = new Table({
    head: [
      'kernel',
      'cores',
      'rotations',
      'queries',
      'candidates/s',
      'dot products/s a core',
      'to straightforward',
      'to it for AVX2',
      'of read bandwidth',
    ],
    style: { head: [], border: [] },
  });
  const toAvx2 = ({ cores, rotations, to_straightforward: ratio }: ShareRow) => {
    const beside = rows.find(
      (other) => other.kernel === AVX2_LOOP && other.cores === cores && other.rotations === rotations,
    );
    return beside === undefined ? '' : `${(ratio / beside.to_straightforward).toFixed(1)}x`;
  };
  for (const row of rows) {
    const dots = (row.candidates_per_second * row.queries * row.rotations) / row.cores;
    table.push([
      row.kernel,
      row.cores,
      row.rotations,
      row.queries,
      row.candidates_per_second.toFixed(0),
      dots.toFixed(0),
      `${row.to_straightforward.toFixed(1)}x`,
      toAvx2(row),
      `${(100 * row.of_bandwidth).toFixed(0)} %`,
    ]);
  }
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB/s`;
  return [
    `streaming read ${gigabytes(bandwidth.one_core)} by one core, ${gigabytes(bandwidth.all_cores)} by all`,
    `${records} candidates of ${record} bytes on ${backing} pages, in random order`,
    table.toString(),
  ].join('\n');
}
