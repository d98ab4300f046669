/** Measurements of machines that the tests do not have. */
import type { Placement } from '@irispair/common/placement/decide';
import { SCENARIOS, type Scenario } from '../advise/scenarios.js';
import { REPORT_FORMAT, type Run } from '../advise/report.js';
import { summarise, type Measured } from '../advise/summary.js';

const WINDOWS = 30;
const MIB = 2 ** 20;

/** How a placement does. */
export interface MadeUpPlacement {
  readonly placement: Placement;
  /** Answers a second under stress, one a round. */
  readonly rates: readonly number[];
  /** 99th percentile in the baseline, milliseconds. */
  readonly p99?: number;
  readonly stealsPerTask?: number;
  readonly slowPolls?: number;
  readonly remotePages?: number | null;
  readonly nodeLoads?: Run['nodeLoads'];
}

const PACE: Readonly<Record<Scenario, number>> = {
  baseline: 0.55,
  stress: 1,
  'iris-heavy': 0.7,
  'graph-heavy': 4,
};

/** What rounds of these placements would have been measured as. */
export function madeUpMeasured(
  placements: readonly MadeUpPlacement[],
  more: Partial<Measured> = {},
): Measured {
  return {
    format: REPORT_FORMAT,
    madeAt: '2026-01-02T03:04:05.000Z',
    version: '0.1.0',
    partial: null,
    machine: {
      processor: 'Made-up <CPU> & "sons"',
      cpus: 8,
      memoryBytes: 64 * 2 ** 30,
      linux: '6.1.0',
      node: '20.20.2',
      kernel: 'avx2',
      usableNodes: 2,
      nodes: [
        { node: 0, cpus: 4, memoryBytes: 32 * 2 ** 30 },
        { node: 1, cpus: 4, memoryBytes: 32 * 2 ** 30 },
      ],
    },
    settings: {
      people: 1_000,
      enrolled: 1_000,
      rounds: Math.max(...placements.map(({ rates }) => rates.length)),
      seconds: 30,
      placements: placements.map(({ placement }) => placement),
      queueSize: 256,
      mostInFlight: 512,
      closedInFlight: 64,
    },
    leftOut: [],
    perfMissing: 'perf counts no node-loads here: not supported',
    capacity: placements.map(({ placement, rates }) => ({ placement, searchesPerSecond: rates[0] })),
    runs: placements.flatMap((one) =>
      one.rates.flatMap((_, index) => SCENARIOS.map((scenario) => madeUpRun(one, scenario, index))),
    ),
    ...more,
  };
}

/** The report on them. */
export function madeUpReport(placements: readonly MadeUpPlacement[], more: Partial<Measured> = {}) {
  return summarise(madeUpMeasured(placements, more));
}

function madeUpRun(made: MadeUpPlacement, scenario: Scenario, index: number): Run {
  const { placement, rates, p99 = 80, stealsPerTask = 0.2, slowPolls = 0.5, remotePages = 0.4 } = made;
  const seconds = 30;
  const rate = rates[index] * PACE[scenario];
  const answered = Math.round(rate * seconds);
  const tasks = 10_000;
  const steals = Math.round(stealsPerTask * tasks);
  // Steals and slow polls rise together.
  const wave = (window: number) => (window + 1) / WINDOWS;
  return {
    round: index + 1,
    placement,
    scenario,
    seconds,
    load: {
      offeredPerSecond: scenario === 'baseline' || scenario === 'stress' ? rate : null,
      offered: answered + 30,
      heldBack: 5,
      sent: answered + 25,
      answered,
      late: 10,
      overloaded: 15,
      failed: 0,
    },
    answersPerSecond: rate,
    latency: { mean: p99 / 3, p50: p99 / 4, p90: p99 / 2, p99, p999: 1.5 * p99, highest: 2 * p99 },
    pool: {
      tasks,
      steals,
      stealAttempts: 2 * steals,
      stealsPerTask,
      stealEfficiency: steals === 0 ? null : 0.5,
    },
    slowPolls: {
      graphLoop: slowPolls,
      irisLoop: slowPolls / 2,
      poolTasks: slowPolls / 10,
      poolTime: slowPolls / 5,
      ratio: slowPolls,
    },
    stealsWithSlowLoop: { coefficient: 1, windows: WINDOWS },
    stealsWithSlowPool: { coefficient: -1, windows: WINDOWS },
    cpuMoves: { graph: 120, iris: 30 },
    nodeMoves: { graph: 3, iris: 0 },
    memory: {
      graph: [{ node: 0, bytes: 100 * MIB }],
      iris: [
        { node: 0, bytes: 50 * MIB },
        { node: 1, bytes: 250 * MIB },
      ],
    },
    remotePages,
    nodeLoads: made.nodeLoads ?? null,
    cpus: { graph: 1.5, iris: 3.5, client: 0.5 },
    utilisation: [0.4, 0.8],
    imbalance: 0.4,
    hop: {
      hopsPerSecond: 300,
      candidatesPerHop: 2_000,
      stages: { transitOut: 0.4, queue: 0.1, compute: 0.8, transitBack: 0.3 },
    },
    distancesPerSecond: 600_000,
    windows: Array.from({ length: WINDOWS }, (_, window) => ({
      at: ((window + 1) * seconds) / WINDOWS,
      answersPerSecond: rate,
      stealsPerTask: stealsPerTask * wave(window),
      slowLoop: slowPolls * wave(window),
      slowPool: (slowPolls / 5) * (1 - wave(window)),
      utilisation: [0.4, 0.8],
    })),
  };
}
