/** How figures, borders and effects are told: the same words in tables and on the page. */
import { BORDERS, formatChange, type Column, type Row } from './decision.js';
import type { AdviseReport, FigureComparison, Summary } from './report.js';
import type { Scenario } from './scenarios.js';
import type { Correlation, Estimate } from './statistics.js';
import { FIGURES, type Figure } from './summary.js';

const NOT_TOLD = 'not told';

/** Beside the cell of the table that a figure lies in. */
export const MARK = ' ●';

/** What each scenario does, in a few words. */
export const SCENARIO_TITLE: Readonly<Record<Scenario, string>> = {
  baseline: 'baseline: searches at 60 % of capacity',
  stress: 'stress: searches at 200 % of capacity',
  'iris-heavy': 'iris-heavy: scans of everything over 31 rotations, as many as the pair can take',
  'graph-heavy': 'graph-heavy: 15 verifications to a narrow walk, as many as the pair can take',
};

/** What each column of the decision table is called. */
export const COLUMN_TITLE: Readonly<Record<Column, string>> = {
  stealRate: 'steal rate',
  slowPollRatio: 'slow poll ratio',
  crossNodeAccess: 'cross-node access',
};

/** What each row of it advises. */
export const ROW_ADVICE: Readonly<Record<Row, string>> = {
  skip: 'skip: what you have is optimal',
  investigate: 'investigate: run the stress scenario',
  separate: 'separate: a clear benefit is expected',
};

/** The range of a cell of the table. */
export function rangeOf(column: Column, row: Row): string {
  const [least, most] = BORDERS[column].map((border) => 100 * border);
  if (row === 'skip') return `< ${least} %`;
  return row === 'separate' ? `> ${most} %` : `${least}-${most} %`;
}

/** A share for people. */
export function percent(share: number | null): string {
  return share === null ? NOT_TOLD : `${(100 * share).toFixed(1)} %`;
}

/** One value of a figure. */
export function formatFigure(kind: Figure['kind'], value: number): string {
  switch (kind) {
    case 'share':
      return `${(100 * value).toFixed(1)} %`;
    case 'milliseconds':
      return `${value.toFixed(value < 10 ? 2 : 1)} ms`;
    case 'rate':
    case 'count':
      return value.toFixed(value < 10 ? 2 : value < 1_000 ? 1 : 0);
  }
}

/** A mean with its interval. */
export function formatEstimate(kind: Figure['kind'], estimate: Estimate | null): string {
  if (estimate === null) return NOT_TOLD;
  const { mean, low, high } = estimate;
  const middle = formatFigure(kind, mean);
  if (low === null || high === null) return middle;
  const bare = (value: number) => formatFigure(kind, value).replace(/ (%|ms)$/, '');
  return `${middle} [${bare(low)}, ${bare(high)}]`;
}

/** A rank correlation with the windows that it is of. */
export function formatCorrelation({ coefficient, windows }: Correlation): string {
  return `${coefficient === null ? NOT_TOLD : coefficient.toFixed(2)} (${windows} windows)`;
}

/** The title of a figure. */
export function titleOf(name: string): string {
  return FIGURES.find((figure) => figure.name === name)?.title ?? name;
}

/** What a comparison shows. */
export function formatEffect({ change, effect }: FigureComparison): string {
  if (change === null) return NOT_TOLD;
  switch (effect) {
    case 'gain':
    case 'loss':
      return `${formatChange(change, 'signed')}: a ${effect}`;
    case 'none shown':
      return `${formatChange(change, 'signed')}: nothing shown`;
    case 'unknown':
      return `${formatChange(change, 'signed')}: one round has no interval`;
  }
}

/** A summary's figure. */
export function estimateIn({ figures }: Summary, name: string): Estimate | null {
  return figures[name] ?? null;
}

/** What was measured, where, and what was not: one line each. */
export function describeSetting(report: AdviseReport): string[] {
  const { machine, settings, leftOut, perfMissing, partial, capacity } = report;
  const nodes = machine.nodes.map(({ node, cpus }) => `node ${node} with ${cpus} CPUs`).join(', ');
  const rates = capacity.map(
    ({ placement, searchesPerSecond }) => `${placement} ${searchesPerSecond.toFixed(1)}`,
  );
  return [
    ...(partial === null ? [] : [`PARTIAL: ${partial}`]),
    `${machine.processor}, ${nodes}, kernel ${machine.kernel}, Linux ${machine.linux}, Node ${machine.node}, IrisPair ${report.version}`,
    `${settings.enrolled} made-up people, ${settings.rounds} rounds of ${settings.placements.join(', ')}, scenarios of ${settings.seconds} s`,
    `capacity, searches/s: ${rates.join(', ')}`,
    ...leftOut.map(({ placement, reason }) => `${placement} was left out: ${reason}`),
    ...(perfMissing === null ? [] : [`remote loads were not counted: ${perfMissing}`]),
  ];
}
