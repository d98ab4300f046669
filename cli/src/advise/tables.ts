/** What was measured, in tables for a terminal. */
import { table } from '../output/print.js';
import { COLUMNS, ROWS, type Row } from './decision.js';
import type { AdviseReport, SignalPlace } from './report.js';
import { SCENARIOS, type Scenario } from './scenarios.js';
import { FIGURES } from './summary.js';
import {
  COLUMN_TITLE,
  describeSetting,
  estimateIn,
  formatCorrelation,
  formatEffect,
  formatEstimate,
  MARK,
  percent,
  rangeOf,
  ROW_ADVICE,
  SCENARIO_TITLE,
  titleOf,
} from './words.js';

/** Everything, the advice last. */
export function describeReport(report: AdviseReport): string {
  return [
    ...describeSetting(report),
    ...SCENARIOS.flatMap((scenario) => scenarioTable(report, scenario)),
    ...comparisonTable(report),
    ...decisionTable(report),
    'more figures: --json FILE, with plots: --html FILE',
    '',
    report.advice.sentence,
  ].join('\n');
}

/** The placements side by side. Figures that none of them has are left out. */
function scenarioTable({ summaries, machine }: AdviseReport, scenario: Scenario): string[] {
  const mine = summaries.filter((summary) => summary.scenario === scenario);
  if (mine.length === 0) return ['', SCENARIO_TITLE[scenario], 'not measured'];
  const rows = FIGURES.filter(
    ({ name, isDetail }) => isDetail !== true && mine.some((summary) => estimateIn(summary, name) !== null),
  ).map(({ name, title, kind }) => [
    title,
    ...mine.map((summary) => formatEstimate(kind, estimateIn(summary, name))),
  ]);
  const busy = machine.nodes.map(({ node }, index) => [
    `node ${node}: CPUs busy`,
    ...mine.map(({ utilisation }) => formatEstimate('share', utilisation[index])),
  ]);
  const correlations = [
    ['steals with slow event loops', ...mine.map((one) => formatCorrelation(one.stealsWithSlowLoop))],
    ['steals with slow pool tasks', ...mine.map((one) => formatCorrelation(one.stealsWithSlowPool))],
  ];
  const head = ['mean [95 % interval]', ...mine.map(({ placement }) => placement)];
  return ['', SCENARIO_TITLE[scenario], table(head, [...rows, ...busy, ...correlations])];
}

function comparisonTable({ comparisons }: AdviseReport): string[] {
  if (comparisons.length === 0) return [];
  const rows = comparisons.map((one) => [
    `${titleOf(one.figure)}, ${one.scenario}`,
    `${one.of} against ${one.against}`,
    formatEffect(one),
  ]);
  return ['', 'placements beside each other, round by round', table(['figure', 'of', 'changes by'], rows)];
}

function decisionTable({ table: placed }: AdviseReport): string[] {
  const rows = ROWS.map((row) => [
    ...COLUMNS.map(
      (column) => `${rangeOf(column, row)}${placed.baseline.columns[column] === row ? MARK : ''}`,
    ),
    ROW_ADVICE[row],
    marks(row, placed).join(', '),
  ]);
  const signals = (title: string, { signals: seen, row, reason }: SignalPlace) =>
    `${title}: ${COLUMNS.map((column) => `${COLUMN_TITLE[column]} ${percent(seen[column])}`).join(', ')}; ` +
    `${row ?? 'no row'}: ${reason}`;
  return [
    '',
    `the table, with what this machine does when it is ${placed.of ?? 'not separated'}`,
    table([...COLUMNS.map((column) => COLUMN_TITLE[column]), 'advice', 'this machine'], rows),
    ...(placed.of === null
      ? []
      : [
          `${MARK.trim()} is where the baseline's figure lies`,
          signals('baseline', placed.baseline),
          signals('stress', placed.stress),
          crossNode(placed),
        ]),
  ];
}

/** Which scenarios put the machine into a row. */
function marks(row: Row, { baseline, stress, row: final }: AdviseReport['table']): string[] {
  return [
    ...(final === row ? ['<== here'] : []),
    ...(baseline.row === row ? ['baseline'] : []),
    ...(stress.row === row ? ['stress'] : []),
  ];
}

function crossNode({ crossNodeFrom }: AdviseReport['table']): string {
  switch (crossNodeFrom) {
    case 'loads':
      return 'cross-node access is the share of loads that perf counted as remote';
    case 'pages':
      return 'cross-node access is the share of pages that lie on another node than the CPU time';
    case null:
      return 'cross-node access is not told by this kernel';
  }
}
