/** What `irispair advise --json` writes. The types of everything that is told are those of this schema. */
import { z } from 'zod';
import { ROWS, type Column } from './decision.js';
import { PLACEMENTS, SCENARIOS } from './scenarios.js';

/** Raised when a reader of older reports would misread a newer one. */
export const REPORT_FORMAT = 1;

const share = z.number().min(0).max(1);
const count = z.int().min(0);
const amount = z.number().min(0);
const placement = z.enum(PLACEMENTS);
const scenario = z.enum(SCENARIOS);
const byService = <Value extends z.ZodType>(value: Value) => z.object({ graph: value, iris: value });
const onNodes = z.array(z.object({ node: count, bytes: amount }));

const estimate = z.object({
  mean: z.number(),
  /** Ends of the 95 % confidence interval; null with a single round. */
  low: z.number().nullable(),
  high: z.number().nullable(),
  rounds: count,
});

const correlation = z.object({
  /** Spearman's; null where it cannot be told. */
  coefficient: z.number().min(-1).max(1).nullable(),
  windows: count,
});

const window = z.object({
  /** Seconds from the start of the run to the end of the window. */
  at: amount,
  answersPerSecond: amount,
  /** Steals a task; null in a window without tasks. */
  stealsPerTask: amount.nullable(),
  slowLoop: share,
  slowPool: share,
  /** Share of each node's CPUs that the pair kept busy, in the order of `machine.nodes`. */
  utilisation: z.array(amount),
});

const run = z.object({
  round: count,
  placement,
  scenario,
  seconds: amount,
  load: z.object({
    /** Requests a second that were offered; null where as many were in flight as the pair could use. */
    offeredPerSecond: amount.nullable(),
    offered: count,
    heldBack: count,
    sent: count,
    answered: count,
    late: count,
    overloaded: count,
    failed: count,
  }),
  answersPerSecond: amount,
  /** Of answers, from when they were due, milliseconds; null without any. */
  latency: z
    .object({ mean: amount, p50: amount, p90: amount, p99: amount, p999: amount, highest: amount })
    .nullable(),
  pool: z.object({
    tasks: count,
    steals: count,
    stealAttempts: count,
    /** Null without tasks. */
    stealsPerTask: amount.nullable(),
    /** Steals among attempts; null without attempts. */
    stealEfficiency: share.nullable(),
  }),
  slowPolls: z.object({
    /** Share of time in which the event loop came over 1 ms late. */
    graphLoop: share,
    irisLoop: share,
    /** Share of the pools' tasks that took over 1 ms. */
    poolTasks: share,
    /** Share of the pools' busy time in them. */
    poolTime: share,
    /** The greatest share of time of the three. */
    ratio: share,
  }),
  /** Over the windows: steals a task with slow polls of the event loops, and of the pools. */
  stealsWithSlowLoop: correlation,
  stealsWithSlowPool: correlation,
  /** Moves of threads between CPUs; null where the kernel does not count them. */
  cpuMoves: byService(count.nullable()),
  /** Moves of threads between nodes that were seen. */
  nodeMoves: byService(count),
  /** Memory of each service's own by node, at the end; null where the kernel does not tell. */
  memory: byService(onNodes.nullable()),
  /** Share of a service's memory on another node than its CPU time, weighted by CPU time; null where it is not told. */
  remotePages: share.nullable(),
  /** Loads from memory that perf counted; null where it does not. */
  nodeLoads: z.object({ loads: count, misses: count }).nullable(),
  /** CPU seconds a second. */
  cpus: z.object({ graph: amount, iris: amount, client: amount }),
  /** Share of each node's CPUs that the pair kept busy, in the order of `machine.nodes`. */
  utilisation: z.array(amount),
  /** The busiest node's utilisation less the idlest one's; null with one node. */
  imbalance: amount.nullable(),
  hop: z.object({
    hopsPerSecond: amount,
    candidatesPerHop: amount.nullable(),
    /** Mean milliseconds of a hop by stage; null without hops. */
    stages: z.object({ transitOut: amount, queue: amount, compute: amount, transitBack: amount }).nullable(),
  }),
  distancesPerSecond: amount,
  windows: z.array(window),
});

const summary = z.object({
  placement,
  scenario,
  /** By the names of FIGURES; null where no round has the figure. */
  figures: z.record(z.string(), estimate.nullable()),
  /** Share of each node's CPUs that the pair kept busy, in the order of `machine.nodes`. */
  utilisation: z.array(estimate.nullable()),
  /** Over the windows of all rounds. */
  stealsWithSlowLoop: correlation,
  stealsWithSlowPool: correlation,
});

const comparison = z.object({
  figure: z.string(),
  scenario,
  of: placement,
  against: placement,
  better: z.enum(['higher', 'lower']),
  /** By what share the figure is above that of `against`; null where it cannot be told. */
  change: estimate.nullable(),
  effect: z.enum(['gain', 'loss', 'none shown', 'unknown']),
});

const byColumn = <Value extends z.ZodType>(value: Value) =>
  z.object({ stealRate: value, slowPollRatio: value, crossNodeAccess: value } satisfies Record<
    Column,
    Value
  >);
const row = z.enum(ROWS).nullable();

const tablePlace = z.object({
  signals: byColumn(share.nullable()),
  columns: byColumn(row),
  row,
  reason: z.string(),
});

/** The whole report. */
export const REPORT = z.object({
  format: z.literal(REPORT_FORMAT),
  /** ISO 8601. */
  madeAt: z.string(),
  version: z.string(),
  /** Why not everything was measured; null when it was. */
  partial: z.string().nullable(),
  machine: z.object({
    processor: z.string(),
    cpus: count,
    memoryBytes: count,
    linux: z.string(),
    node: z.string(),
    kernel: z.string(),
    /** Nodes that have CPUs for the pair. */
    usableNodes: count,
    nodes: z.array(z.object({ node: count, cpus: count, memoryBytes: count })),
  }),
  settings: z.object({
    people: count,
    enrolled: count,
    rounds: count,
    seconds: amount,
    placements: z.array(placement),
    queueSize: count,
    mostInFlight: count,
    closedInFlight: count,
  }),
  /** Placements that were not measured, and why. */
  leftOut: z.array(z.object({ placement, reason: z.string() })),
  /** Why remote loads were not counted; null when they were. */
  perfMissing: z.string().nullable(),
  /** Searches a second with as many in flight as the pair could use, before the rounds. */
  capacity: z.array(z.object({ placement, searchesPerSecond: amount })),
  runs: z.array(run),
  summaries: z.array(summary),
  comparisons: z.array(comparison),
  table: z.object({
    /** Whose figures are placed: what the machine does when nothing is separated; null without any. */
    of: placement.nullable(),
    /** Where cross-node access was taken from. */
    crossNodeFrom: z.enum(['loads', 'pages']).nullable(),
    baseline: tablePlace,
    stress: tablePlace,
    /** The row that the machine is in: the baseline's, and where that is `investigate`, the one under stress. */
    row,
  }),
  advice: z.object({
    verdict: z.enum(['separate', 'investigate', 'skip', 'cannot tell']),
    sentence: z.string(),
  }),
});

/** The whole report. */
export type AdviseReport = z.output<typeof REPORT>;

/** One measurement. */
export type Run = AdviseReport['runs'][number];

/** One stretch of a measurement. */
export type Window = Run['windows'][number];

/** Rounds of one placement and scenario together. */
export type Summary = AdviseReport['summaries'][number];

/** One figure of split placement beside another placement's. */
export type FigureComparison = AdviseReport['comparisons'][number];

/** Where the machine is in the table in one scenario. */
export type SignalPlace = AdviseReport['table']['baseline'];

/** The machine. */
export type Machine = AdviseReport['machine'];
