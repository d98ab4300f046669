/**
 * Looks at a running pair: what its services and the kernel have counted since the pair was started. Two looks make a window;
 * the first and the last one of a run make its figures.
 */
import { readThreadPlaces, readThreads } from '@irispair/native/threads';
import { MetricsText } from './metrics-text.js';

/** The two services. */
export const SERVICES = ['graph', 'iris'] as const;

/** A service of the pair. */
export type Service = (typeof SERVICES)[number];

/** The stages of the hop, as the metrics call them. */
export const STAGES = ['transit_out', 'queue', 'compute', 'transit_back'] as const;

/** Totals of one service's event loop. */
export interface LoopTotals {
  /** Evenly spaced looks at it, and those that came over a millisecond late. */
  readonly looks: number;
  readonly slow: number;
  readonly busySeconds: number;
}

/** Totals since the start of the pair. */
export interface Look {
  /** Seconds of a clock that only goes forward. */
  readonly at: number;
  readonly pool: {
    readonly tasks: number;
    readonly stealAttempts: number;
    readonly steals: number;
    readonly busySeconds: number;
    readonly slowTasks: number;
    readonly slowSeconds: number;
  };
  readonly loops: Readonly<Record<Service, LoopTotals>>;
  readonly hop: {
    readonly hops: number;
    readonly candidates: number;
    readonly bytes: number;
    /** Seconds by stage, over all hops. */
    readonly stages: Readonly<Record<(typeof STAGES)[number], number>>;
  };
  readonly distances: number;
  /** CPU seconds of each service by node. */
  readonly cpu: Readonly<Record<Service, ReadonlyMap<number, number>>>;
  /** Requests answered in time. */
  readonly answered: number;
}

/** What to look at. */
export interface Looked {
  /** HOST:PORT of each service's metrics. */
  readonly metrics: Readonly<Record<Service, string>>;
  readonly threads: Readonly<Record<Service, ThreadTimes>>;
  readonly answered: () => number;
}

/** Looks now. */
export async function look({ metrics, threads, answered }: Looked): Promise<Look> {
  const [graph, iris] = await Promise.all(SERVICES.map((service) => readMetrics(metrics[service])));
  return {
    at: performance.now() / 1_000,
    pool: {
      tasks: iris.sum('irispair_pool_tasks_total'),
      stealAttempts: iris.sum('irispair_pool_steal_attempts_total'),
      steals: iris.sum('job_steal_count'),
      busySeconds: iris.sum('irispair_pool_busy_seconds_total'),
      slowTasks: iris.sum('irispair_pool_slow_tasks_total'),
      slowSeconds: iris.sum('irispair_pool_slow_seconds_total'),
    },
    loops: { graph: loopTotals(graph), iris: loopTotals(iris) },
    hop: {
      hops: graph.sum('irispair_hops_total'),
      candidates: graph.sum('irispair_hop_candidates_total'),
      bytes: graph.sum('irispair_hop_bytes_total'),
      stages: {
        transit_out: stageSeconds(graph, 'transit_out'),
        queue: stageSeconds(graph, 'queue'),
        compute: stageSeconds(graph, 'compute'),
        transit_back: stageSeconds(graph, 'transit_back'),
      },
    },
    distances: iris.sum('irispair_distances_total'),
    cpu: { graph: threads.graph.read(), iris: threads.iris.read() },
    answered: answered(),
  };
}

async function readMetrics(address: string): Promise<MetricsText> {
  const response = await fetch(`http://${address}/metrics`);
  if (!response.ok) throw new Error(`http://${address}/metrics answers ${response.status}`);
  return new MetricsText(await response.text());
}

function loopTotals(metrics: MetricsText): LoopTotals {
  return {
    looks: metrics.sum('irispair_event_loop_delay_seconds_count'),
    slow: metrics.sum('job_slow_poll_duration_ms_count'),
    busySeconds: metrics.sum('irispair_event_loop_busy_seconds_total'),
  };
}

function stageSeconds(graph: MetricsText, stage: string): number {
  return graph.sum('irispair_hop_stage_seconds_sum', { stage });
}

/** The kernel's clock ticks a second, wherever Linux runs on what we support. */
const TICKS_A_SECOND = 100;

/**
 * Adds up a process's CPU time by the node on which its threads ran: what a thread took between two looks counts for the node
 * where it was at the second.
 */
export class ThreadTimes {
  private seen = new Map<number, { readonly startedAt: number; readonly ticks: number }>();
  private readonly seconds = new Map<number, number>();

  /** @param nodeOf the node of a CPU; null when it is of none that is known */
  constructor(
    private readonly directory: string,
    private readonly nodeOf: (cpu: number) => number | null,
  ) {
    this.read();
    this.seconds.clear();
  }

  /** CPU seconds by node since this was made. */
  read(): ReadonlyMap<number, number> {
    const now = new Map<number, { readonly startedAt: number; readonly ticks: number }>();
    for (const { threadId, startedAt, lastCpu, cpuTicks } of readThreadPlaces(this.directory)) {
      now.set(threadId, { startedAt, ticks: cpuTicks });
      const before = this.seen.get(threadId);
      const spent = cpuTicks - (before?.startedAt === startedAt ? before.ticks : 0);
      const node = this.nodeOf(lastCpu);
      if (node !== null) this.seconds.set(node, (this.seconds.get(node) ?? 0) + spent / TICKS_A_SECOND);
    }
    this.seen = now;
    return new Map(this.seconds);
  }
}

/** Moves between CPUs since each thread was started; null where the kernel does not count them. */
export function cpuMoves(directory: string): ReadonlyMap<number, number> | null {
  const moves = new Map<number, number>();
  for (const { threadId, cpuMigrations } of readThreads(directory)) {
    if (cpuMigrations === null) return null;
    moves.set(threadId, cpuMigrations);
  }
  return moves;
}

/** Moves between two readings of the threads that were there at the second. */
export function movesBetween(
  before: ReadonlyMap<number, number> | null,
  after: ReadonlyMap<number, number> | null,
): number | null {
  if (before === null || after === null) return null;
  let moves = 0;
  for (const [threadId, counted] of after) {
    const known = before.get(threadId) ?? 0;
    moves += counted < known ? counted : counted - known;
  }
  return moves;
}
