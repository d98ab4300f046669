/**
 * Which row of the decision table a machine is in (DESIGN section 9), and what the measured gains say.
 *
 * 1. Each column has its own row. A figure on a border is in the middle row: 5 and 15 % are both `investigate`.
 * 2. The machine is in the row of the middle one of its three columns: where two agree, in theirs; where all three differ,
 *    in `investigate`.
 * 3. With a column missing the other two decide if they agree; otherwise `investigate`. A single column decides nothing.
 * 4. With one node there is nothing to separate: no row.
 *
 * The table expects, the rounds measure: where the gain of split placement was measured, it decides, whatever the table says.
 */
import type { Placement } from '@irispair/common/placement/decide';
import type { Estimate } from './statistics.js';

/** Rows of the table, in its order. */
export const ROWS = ['skip', 'investigate', 'separate'] as const;

/** A row of the table. */
export type Row = (typeof ROWS)[number];

/** Columns of the table, in its order. */
export const COLUMNS = ['stealRate', 'slowPollRatio', 'crossNodeAccess'] as const;

/** A column of the table. */
export type Column = (typeof COLUMNS)[number];

/** The shares between which a column says `investigate`, both included. */
export const BORDERS: Readonly<Record<Column, readonly [least: number, most: number]>> = {
  stealRate: [0.05, 0.15],
  slowPollRatio: [0.2, 0.4],
  crossNodeAccess: [0.1, 0.25],
};

/** What was measured of a machine, shares from 0 to 1; null where it could not be. */
export type Signals = Readonly<Record<Column, number | null>>;

/** Where a machine is in the table. */
export interface TablePlace {
  readonly columns: Readonly<Record<Column, Row | null>>;
  /** Null where the table does not say. */
  readonly row: Row | null;
  /** Why it is that row, in words. */
  readonly reason: string;
}

/** The row of one column. */
export function rowOfColumn(column: Column, share: number): Row {
  const [least, most] = BORDERS[column];
  if (share < least) return 'skip';
  return share > most ? 'separate' : 'investigate';
}

/** @param usableNodes nodes that have CPUs for the pair */
export function placeInTable(signals: Signals, usableNodes: number): TablePlace {
  const rowOf = (column: Column) => {
    const share = signals[column];
    return share === null ? null : rowOfColumn(column, share);
  };
  const columns = {
    stealRate: rowOf('stealRate'),
    slowPollRatio: rowOf('slowPollRatio'),
    crossNodeAccess: rowOf('crossNodeAccess'),
  };
  if (usableNodes < 2) return { columns, row: null, reason: 'one node: there is nothing to separate' };
  const known = COLUMNS.flatMap((column) => columns[column] ?? []);
  return { columns, ...rowOfSeveral(known) };
}

function rowOfSeveral(known: readonly Row[]): Pick<TablePlace, 'row' | 'reason'> {
  if (known.length < 2) {
    return { row: null, reason: `${known.length} of 3 columns could be measured: too few` };
  }
  const distinct = new Set(known).size;
  if (distinct === 1) return { row: known[0], reason: `all ${known.length} columns that are known agree` };
  if (known.length === 2) return { row: 'investigate', reason: 'the two columns that are known differ' };
  const [, middle] = [...known].sort((one, other) => ROWS.indexOf(one) - ROWS.indexOf(other));
  return {
    row: middle,
    reason:
      distinct === 3 ? 'all three columns differ: the middle row' : 'two of three columns are in this row',
  };
}

/** What a comparison of two placements shows. */
export type Effect = 'gain' | 'loss' | 'none shown' | 'unknown';

/** Whether a figure is the better the higher it is. */
export type Better = 'higher' | 'lower';

/** What the interval of a change shows: nothing when it holds zero, or has no width for want of rounds. */
export function effectOf(change: Estimate | null, better: Better): Effect {
  const { low, high } = change ?? { low: null, high: null };
  if (low === null || high === null) return 'unknown';
  if (low <= 0 && high >= 0) return 'none shown';
  return low > 0 === (better === 'higher') ? 'gain' : 'loss';
}

/** Split placement beside another one. */
export interface Comparison {
  readonly against: Placement;
  /** What throughput under stress changed by, a share. */
  readonly throughput: Estimate | null;
  /** What the 99th percentile of latency in the baseline changed by, a share. */
  readonly latency: Estimate | null;
}

/** What to advise from. */
export interface Evidence {
  readonly usableNodes: number;
  /** Why split placement was not measured; null when it was. */
  readonly splitMissing: string | null;
  /** Split beside each other placement that was measured. */
  readonly comparisons: readonly Comparison[];
  readonly row: Row | null;
  /** What was measured where nothing could be compared with split, such as `shared 100/s, off 98/s`. */
  readonly measuredAnyway: string;
  readonly isPartial: boolean;
}

/** What to do. */
export type Verdict = 'separate' | 'investigate' | 'skip' | 'cannot tell';

/** The advice. */
export interface Advice {
  readonly verdict: Verdict;
  /** One sentence. */
  readonly sentence: string;
}

/** The one sentence that follows from what was measured. */
export function advise(evidence: Evidence): Advice {
  const { verdict, because } = judge(evidence);
  const partial = evidence.isPartial ? ' (from partial results)' : '';
  return {
    verdict,
    sentence: `${capitalised(verdict)}${partial}: ${because}${tableClause(evidence, verdict)}.`,
  };
}

interface Judgement {
  readonly verdict: Verdict;
  readonly because: string;
}

function judge({ usableNodes, splitMissing, comparisons, measuredAnyway }: Evidence): Judgement {
  if (usableNodes < 2) {
    return {
      verdict: 'cannot tell',
      because: `this machine has one NUMA node for the pair, so nothing can be separated; measured anyway: ${measuredAnyway}`,
    };
  }
  if (splitMissing !== null) {
    return {
      verdict: 'cannot tell',
      because: `split placement was not measured (${splitMissing}); measured anyway: ${measuredAnyway}`,
    };
  }
  const effects = comparisons.map(({ throughput }) => effectOf(throughput, 'higher'));
  if (comparisons.length === 0 || effects.includes('unknown')) {
    return {
      verdict: 'cannot tell',
      because: 'an interval needs at least two whole rounds of split and of what it is compared with',
    };
  }
  const measured = comparisons.map(describeThroughput).join(' and ');
  if (effects.every((effect) => effect === 'gain')) {
    return { verdict: 'separate', because: `under stress split placement ${measured}` };
  }
  if (effects.includes('loss')) {
    return { verdict: 'skip', because: `under stress split placement ${measured}` };
  }
  const none = comparisons.filter((_, index) => effects[index] === 'none shown');
  const against = none.map((one) => one.against).join(' and ');
  const noGain = `no gain of throughput over ${against} was shown (split ${measured})`;
  if (comparisons.every(({ latency }) => effectOf(latency, 'lower') === 'gain')) {
    const latency = comparisons.map(describeLatency).join(' and ');
    return { verdict: 'investigate', because: `${noGain}, but in the baseline ${latency}` };
  }
  return { verdict: 'skip', because: noGain };
}

/** What the table says beside it, where it says anything. */
function tableClause({ row }: Evidence, verdict: Verdict): string {
  if (row === null) return '';
  if (verdict === 'cannot tell') return `; by the table the machine is in the row "${row}"`;
  return row === verdict
    ? '; the table says the same'
    : `; the table's row is "${row}", which only expects what this has measured`;
}

function describeThroughput({ against, throughput }: Comparison): string {
  if (throughput === null) return `could not be compared with ${against}`;
  const verb = throughput.mean < 0 ? 'loses' : 'gains';
  return `${verb} ${formatChange(throughput)} against ${against}`;
}

function describeLatency({ against, latency }: Comparison): string {
  return `its p99 changes by ${latency === null ? 'an unknown share' : formatChange(latency, 'signed')} against ${against}`;
}

/** Beyond tenfold an interval only says that nothing is known. */
const MOST_TOLD = 9;

/** A change with its interval: `4.0 % [+1.0, +7.1]`. */
export function formatChange({ mean, low, high }: Estimate, sign: 'signed' | 'bare' = 'bare'): string {
  const middle = sign === 'signed' ? signed(mean) : percent(Math.abs(mean));
  return low === null || high === null ? `${middle} %` : `${middle} % [${signed(low)}, ${signed(high)}]`;
}

function percent(share: number): string {
  return (100 * share).toFixed(1);
}

function signed(share: number): string {
  if (share > MOST_TOLD) return `over +${100 * MOST_TOLD}`;
  return `${share < 0 ? '' : '+'}${percent(share)}`;
}

function capitalised(words: string): string {
  return words[0].toUpperCase() + words.slice(1);
}
