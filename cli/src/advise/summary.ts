/**
 * Sums the rounds up: means with intervals, split placement beside the others, the machine's place in the table, the advice.
 */
import type { Placement } from '@irispair/common/placement/decide';
import { advise, effectOf, placeInTable, type Better, type Comparison, type Signals } from './decision.js';
import type { AdviseReport, FigureComparison, Run, SignalPlace, Summary, Window } from './report.js';
import { PLACEMENTS, SCENARIOS, type Scenario } from './scenarios.js';
import { correlate, estimateChange, estimateMean, type Correlation, type Estimate } from './statistics.js';

/** A figure that rounds are summed up by. */
export interface Figure {
  readonly name: string;
  readonly title: string;
  readonly kind: 'rate' | 'milliseconds' | 'share' | 'count';
  /** Left to JSON and page. */
  readonly isDetail?: true;
  /** Null where a run does not have it. */
  readonly read: (run: Run) => number | null;
}

/** Every figure that is summed up, in the order in which they are told. */
export const FIGURES: readonly Figure[] = [
  { name: 'throughput', title: 'answers/s', kind: 'rate', read: (run) => run.answersPerSecond },
  { name: 'p50', title: 'p50', kind: 'milliseconds', read: ({ latency }) => latency?.p50 ?? null },
  {
    name: 'p90',
    isDetail: true,
    title: 'p90',
    kind: 'milliseconds',
    read: ({ latency }) => latency?.p90 ?? null,
  },
  { name: 'p99', title: 'p99', kind: 'milliseconds', read: ({ latency }) => latency?.p99 ?? null },
  {
    name: 'p999',
    isDetail: true,
    title: 'p99.9',
    kind: 'milliseconds',
    read: ({ latency }) => latency?.p999 ?? null,
  },
  { name: 'overloaded', title: 'refused for overload', kind: 'share', read: overloadedShare },
  { name: 'stealsPerTask', title: 'steals a task', kind: 'share', read: ({ pool }) => pool.stealsPerTask },
  {
    name: 'stealEfficiency',
    title: 'steals an attempt',
    kind: 'share',
    read: ({ pool }) => pool.stealEfficiency,
  },
  {
    name: 'slowPolls',
    title: 'time in slow polls, the worst of',
    kind: 'share',
    read: ({ slowPolls }) => slowPolls.ratio,
  },
  {
    name: 'slowGraphLoop',
    title: '- graph event loop',
    kind: 'share',
    read: ({ slowPolls }) => slowPolls.graphLoop,
  },
  {
    name: 'slowIrisLoop',
    title: '- iris event loop',
    kind: 'share',
    read: ({ slowPolls }) => slowPolls.irisLoop,
  },
  {
    name: 'slowPoolTime',
    title: '- pools’ busy time',
    kind: 'share',
    read: ({ slowPolls }) => slowPolls.poolTime,
  },
  {
    name: 'slowPoolTasks',
    title: 'pool tasks over 1 ms',
    kind: 'share',
    read: ({ slowPolls }) => slowPolls.poolTasks,
  },
  { name: 'cpuMoves', title: 'CPU moves/s', kind: 'rate', read: cpuMovesPerSecond },
  {
    name: 'nodeMoves',
    title: 'node moves/s',
    kind: 'rate',
    read: ({ nodeMoves, seconds }) => (nodeMoves.graph + nodeMoves.iris) / seconds,
  },
  { name: 'remotePages', title: 'remote pages', kind: 'share', read: ({ remotePages }) => remotePages },
  { name: 'remoteLoads', title: 'remote loads (perf)', kind: 'share', read: remoteLoads },
  { name: 'imbalance', title: 'imbalance of nodes', kind: 'share', read: ({ imbalance }) => imbalance },
  { name: 'graphCpus', title: 'graph service CPUs', kind: 'count', read: ({ cpus }) => cpus.graph },
  { name: 'irisCpus', title: 'iris service CPUs', kind: 'count', read: ({ cpus }) => cpus.iris },
  {
    name: 'clientCpus',
    isDetail: true,
    title: 'client CPUs',
    kind: 'count',
    read: ({ cpus }) => cpus.client,
  },
  {
    name: 'candidatesPerHop',
    isDetail: true,
    title: 'candidates a hop',
    kind: 'count',
    read: ({ hop }) => hop.candidatesPerHop,
  },
  {
    name: 'transitOut',
    isDetail: true,
    title: 'hop: way out',
    kind: 'milliseconds',
    read: ({ hop }) => hop.stages?.transitOut ?? null,
  },
  {
    name: 'queue',
    isDetail: true,
    title: 'hop: waiting',
    kind: 'milliseconds',
    read: ({ hop }) => hop.stages?.queue ?? null,
  },
  {
    name: 'compute',
    isDetail: true,
    title: 'hop: computing',
    kind: 'milliseconds',
    read: ({ hop }) => hop.stages?.compute ?? null,
  },
  {
    name: 'transitBack',
    isDetail: true,
    title: 'hop: way back',
    kind: 'milliseconds',
    read: ({ hop }) => hop.stages?.transitBack ?? null,
  },
];

function overloadedShare({ load }: Run): number | null {
  return load.sent === 0 ? null : load.overloaded / load.sent;
}

function cpuMovesPerSecond({ cpuMoves: { graph, iris }, seconds }: Run): number | null {
  return graph === null || iris === null ? null : (graph + iris) / seconds;
}

function remoteLoads({ nodeLoads }: Run): number | null {
  return nodeLoads === null || nodeLoads.loads === 0 ? null : Math.min(1, nodeLoads.misses / nodeLoads.loads);
}

/** What is compared between placements, and in which scenario. */
const COMPARED: readonly { readonly figure: string; readonly scenario: Scenario; readonly better: Better }[] =
  [
    { figure: 'throughput', scenario: 'stress', better: 'higher' },
    { figure: 'p50', scenario: 'baseline', better: 'lower' },
    { figure: 'p99', scenario: 'baseline', better: 'lower' },
    { figure: 'throughput', scenario: 'iris-heavy', better: 'higher' },
    { figure: 'throughput', scenario: 'graph-heavy', better: 'higher' },
  ];

/** What the rounds and the machine were. */
export type Measured = Omit<AdviseReport, 'summaries' | 'comparisons' | 'table' | 'advice'>;

/** The whole report. */
export function summarise(measured: Measured): AdviseReport {
  const { runs, machine, leftOut, partial } = measured;
  const summaries = summariesOf(runs);
  const comparisons = comparisonsOf(runs);
  const table = tableOf(runs, machine.usableNodes);
  const advice = advise({
    usableNodes: machine.usableNodes,
    splitMissing: whySplitIsMissing(runs, leftOut),
    comparisons: splitBesideOthers(comparisons),
    row: table.row,
    measuredAnyway: describeThroughputs(summaries),
    isPartial: partial !== null,
  });
  return { ...measured, summaries, comparisons, table, advice };
}

function summariesOf(runs: readonly Run[]): Summary[] {
  return PLACEMENTS.flatMap((placement) =>
    SCENARIOS.flatMap((scenario) => {
      const rounds = select(runs, placement, scenario);
      return rounds.length === 0 ? [] : [{ placement, scenario, ...summaryOf(rounds) }];
    }),
  );
}

function summaryOf(rounds: readonly Run[]): Omit<Summary, 'placement' | 'scenario'> {
  const figures = Object.fromEntries(
    FIGURES.map(({ name, kind, read }) => [name, cutToRange(estimateOf(rounds, read), kind)]),
  );
  const windows = rounds.flatMap((run) => run.windows);
  return {
    figures,
    utilisation: rounds[0].utilisation.map((_, index) =>
      cutToRange(
        estimateOf(rounds, ({ utilisation }) => utilisation[index]),
        'share',
      ),
    ),
    stealsWithSlowLoop: correlateWindows(windows, ({ slowLoop }) => slowLoop),
    stealsWithSlowPool: correlateWindows(windows, ({ slowPool }) => slowPool),
  };
}

function estimateOf(rounds: readonly Run[], read: Figure['read']): Estimate | null {
  return estimateMean(rounds.flatMap((run) => read(run) ?? []));
}

/** Few rounds that scatter have intervals that reach where no figure can be: nothing is below zero, no share above 1. */
function cutToRange(estimate: Estimate | null, kind: Figure['kind']): Estimate | null {
  if (estimate?.low == null || estimate.high === null) return estimate;
  const most = kind === 'share' ? 1 : Infinity;
  return { ...estimate, low: Math.max(0, estimate.low), high: Math.min(most, estimate.high) };
}

function correlateWindows(windows: readonly Window[], slow: (window: Window) => number): Correlation {
  const stealing = windows.filter(({ stealsPerTask }) => stealsPerTask !== null);
  return correlate(
    stealing.map(({ stealsPerTask }) => stealsPerTask ?? 0),
    stealing.map(slow),
  );
}

function select(runs: readonly Run[], placement: Placement, scenario: Scenario): Run[] {
  return runs.filter((run) => run.placement === placement && run.scenario === scenario);
}

/** Split beside each other placement; without split, shared beside off. */
function comparisonsOf(runs: readonly Run[]): FigureComparison[] {
  const measured = PLACEMENTS.filter((placement) => runs.some((run) => run.placement === placement));
  return measured.slice(1).flatMap((against) =>
    COMPARED.map(({ figure, scenario, better }) => {
      const [of] = measured;
      const change = estimateChange(pairsOf(runs, of, against, figure, scenario));
      return { figure, scenario, of, against, better, change, effect: effectOf(change, better) };
    }),
  );
}

/** The figure of both placements, round by round where both have it. */
function pairsOf(
  runs: readonly Run[],
  of: Placement,
  against: Placement,
  figure: string,
  scenario: Scenario,
): [number, number][] {
  const read = FIGURES.find(({ name }) => name === figure)?.read ?? (() => null);
  const others = select(runs, against, scenario);
  return select(runs, of, scenario).flatMap((run) => {
    const other = others.find(({ round }) => round === run.round);
    const first = read(run);
    const second = other === undefined ? null : read(other);
    return first === null || second === null ? [] : [[first, second]];
  });
}

function splitBesideOthers(comparisons: readonly FigureComparison[]): Comparison[] {
  const find = (against: Placement, figure: string, scenario: Scenario) =>
    comparisons.find((one) => one.against === against && one.figure === figure && one.scenario === scenario)
      ?.change ?? null;
  const others = comparisons.filter(({ of }) => of === 'split').map(({ against }) => against);
  return [...new Set(others)].map((against) => ({
    against,
    throughput: find(against, 'throughput', 'stress'),
    latency: find(against, 'p99', 'baseline'),
  }));
}

/** Places what the machine does when nothing is separated: off where it was measured, else shared. */
function tableOf(runs: readonly Run[], usableNodes: number): AdviseReport['table'] {
  const of =
    (['off', 'shared'] as const).find((placement) => runs.some((run) => run.placement === placement)) ?? null;
  const mine = of === null ? [] : runs.filter((run) => run.placement === of);
  const hasLoads = mine.length > 0 && mine.every((run) => remoteLoads(run) !== null);
  const baseline = placeOf(mine, 'baseline', usableNodes, hasLoads);
  const stress = placeOf(mine, 'stress', usableNodes, hasLoads);
  const hasPages = baseline.signals.crossNodeAccess !== null || stress.signals.crossNodeAccess !== null;
  return {
    of,
    crossNodeFrom: hasLoads ? 'loads' : hasPages ? 'pages' : null,
    baseline,
    stress,
    row: baseline.row === 'investigate' ? (stress.row ?? baseline.row) : baseline.row,
  };
}

function placeOf(
  runs: readonly Run[],
  scenario: Scenario,
  usableNodes: number,
  hasLoads: boolean,
): SignalPlace {
  const rounds = runs.filter((run) => run.scenario === scenario);
  const meanOf = (read: Figure['read']) => estimateOf(rounds, read)?.mean ?? null;
  const signals: Signals = {
    stealRate: meanOf(({ pool }) => (pool.stealsPerTask === null ? null : Math.min(1, pool.stealsPerTask))),
    slowPollRatio: meanOf(({ slowPolls }) => slowPolls.ratio),
    crossNodeAccess: meanOf(hasLoads ? remoteLoads : ({ remotePages }) => remotePages),
  };
  return { signals, ...placeInTable(signals, usableNodes) };
}

function whySplitIsMissing(runs: readonly Run[], leftOut: AdviseReport['leftOut']): string | null {
  if (runs.some(({ placement }) => placement === 'split')) return null;
  return leftOut.find(({ placement }) => placement === 'split')?.reason ?? 'no round of it was finished';
}

function describeThroughputs(summaries: readonly Summary[]): string {
  const stress = summaries.filter(({ scenario }) => scenario === 'stress');
  if (stress.length === 0) return 'no scenario under stress was finished';
  const each = stress.map(({ placement, figures }) => `${placement} ${describeRate(figures.throughput)}`);
  return `under stress ${each.join(', ')}`;
}

function describeRate(estimate: Estimate | null): string {
  if (estimate === null) return 'nothing';
  const { mean, low, high } = estimate;
  const interval = low === null || high === null ? '' : ` [${low.toFixed(1)}, ${high.toFixed(1)}]`;
  return `${mean.toFixed(1)} answers/s${interval}`;
}
