/** Makes the figures of one run from what was seen during it. Nothing here looks at anything. */
import type { Histogram } from 'hdr-histogram-js';
import type * as placement from '@irispair/proto/placement';
import type { PlacementResponse } from '@irispair/proto/public';
import { isKnown } from '../placement/figures.js';
import { SERVICES, type Look, type Service } from './looks.js';
import type { LoadCounts } from './offered-load.js';
import type { NodeLoads } from './perf.js';
import type { PlannedRun } from './plan.js';
import type { Run, Window } from './report.js';
import { correlate } from './statistics.js';

/** A node and how many CPUs the pair may use there. */
export interface NodeCpus {
  readonly node: number;
  readonly cpus: number;
}

/** What was seen during a run. */
export interface Seen {
  readonly planned: PlannedRun;
  readonly offeredPerSecond: number | null;
  readonly counts: LoadCounts;
  /** Microseconds. */
  readonly latencies: Histogram;
  /** Two or more, in time. */
  readonly looks: readonly Look[];
  readonly before: PlacementResponse;
  readonly after: PlacementResponse;
  readonly cpuMoves: Readonly<Record<Service, number | null>>;
  readonly nodeLoads: NodeLoads | null;
  /** CPU seconds of this process. */
  readonly clientSeconds: number;
  readonly nodes: readonly NodeCpus[];
}

const MILLISECONDS = 1_000;

/** @throws Error with fewer than two looks */
export function figuresOf(seen: Seen): Run {
  const { planned, looks, counts, nodes } = seen;
  const [first, last] = [looks.at(0), looks.at(-1)];
  if (first === undefined || last === undefined || looks.length < 2) throw new Error('a run needs two looks');
  const seconds = last.at - first.at;
  const windows = looks.slice(1).map((now, index) => windowOf(looks[index], now, first.at, nodes));
  const stealing = windows.filter(({ stealsPerTask }) => stealsPerTask !== null);
  const steals = stealing.map(({ stealsPerTask }) => stealsPerTask ?? 0);
  const pool = difference(first.pool, last.pool);
  const cpus = cpuSeconds(first, last);
  const utilisation = utilisationOf(first, last, nodes);
  return {
    round: planned.round,
    placement: planned.placement,
    scenario: planned.scenario,
    seconds,
    load: { offeredPerSecond: seen.offeredPerSecond, ...counts },
    answersPerSecond: counts.answered / planned.seconds,
    latency: latencyOf(seen.latencies),
    pool: {
      tasks: pool.tasks,
      steals: pool.steals,
      stealAttempts: pool.stealAttempts,
      stealsPerTask: ratio(pool.steals, pool.tasks),
      stealEfficiency: ratio(pool.steals, pool.stealAttempts),
    },
    slowPolls: slowPollsOf(first, last),
    stealsWithSlowLoop: correlate(
      steals,
      stealing.map(({ slowLoop }) => slowLoop),
    ),
    stealsWithSlowPool: correlate(
      steals,
      stealing.map(({ slowPool }) => slowPool),
    ),
    cpuMoves: seen.cpuMoves,
    nodeMoves: nodeMovesOf(seen.before, seen.after),
    memory: { graph: memoryOf(seen.after, 'graph'), iris: memoryOf(seen.after, 'iris') },
    remotePages: remotePagesOf(seen.after, cpus),
    nodeLoads: seen.nodeLoads,
    cpus: {
      graph: sum(cpus.graph.values()) / seconds,
      iris: sum(cpus.iris.values()) / seconds,
      client: seen.clientSeconds / seconds,
    },
    utilisation,
    imbalance: nodes.length < 2 ? null : Math.max(...utilisation) - Math.min(...utilisation),
    hop: hopOf(first, last, seconds),
    distancesPerSecond: (last.distances - first.distances) / seconds,
    windows,
  };
}

function windowOf(before: Look, now: Look, start: number, nodes: readonly NodeCpus[]): Window {
  const pool = difference(before.pool, now.pool);
  const { graphLoop, irisLoop, poolTime } = slowPollsOf(before, now);
  return {
    at: now.at - start,
    answersPerSecond: (now.answered - before.answered) / (now.at - before.at),
    stealsPerTask: ratio(pool.steals, pool.tasks),
    slowLoop: Math.max(graphLoop, irisLoop),
    slowPool: poolTime,
    utilisation: utilisationOf(before, now, nodes),
  };
}

function slowPollsOf(before: Look, now: Look): Run['slowPolls'] {
  const pool = difference(before.pool, now.pool);
  const loop = (service: Service) => {
    const { looks, slow } = difference(before.loops[service], now.loops[service]);
    return share(slow, looks);
  };
  const graphLoop = loop('graph');
  const irisLoop = loop('iris');
  const poolTime = share(pool.slowSeconds, pool.busySeconds);
  return {
    graphLoop,
    irisLoop,
    poolTasks: share(pool.slowTasks, pool.tasks),
    poolTime,
    ratio: Math.max(graphLoop, irisLoop, poolTime),
  };
}

function latencyOf(latencies: Histogram): Run['latency'] {
  if (latencies.totalCount === 0) return null;
  const at = (percentile: number) => latencies.getValueAtPercentile(percentile) / MILLISECONDS;
  return {
    mean: latencies.mean / MILLISECONDS,
    p50: at(50),
    p90: at(90),
    p99: at(99),
    p999: at(99.9),
    highest: latencies.maxValue / MILLISECONDS,
  };
}

function hopOf(before: Look, now: Look, seconds: number): Run['hop'] {
  const { hops, candidates } = {
    hops: now.hop.hops - before.hop.hops,
    candidates: now.hop.candidates - before.hop.candidates,
  };
  const spent = difference(before.hop.stages, now.hop.stages);
  const stage = (total: number) => (total * MILLISECONDS) / hops;
  return {
    hopsPerSecond: hops / seconds,
    candidatesPerHop: ratio(candidates, hops),
    stages:
      hops === 0
        ? null
        : {
            transitOut: stage(spent.transit_out),
            queue: stage(spent.queue),
            compute: stage(spent.compute),
            transitBack: stage(spent.transit_back),
          },
  };
}

type CpuSeconds = Readonly<Record<Service, ReadonlyMap<number, number>>>;

function cpuSeconds(before: Look, now: Look): CpuSeconds {
  const grown = (service: Service) =>
    new Map(
      Array.from(now.cpu[service], ([node, seconds]): [number, number] => [
        node,
        seconds - (before.cpu[service].get(node) ?? 0),
      ]),
    );
  return { graph: grown('graph'), iris: grown('iris') };
}

function utilisationOf(before: Look, now: Look, nodes: readonly NodeCpus[]): number[] {
  const cpus = cpuSeconds(before, now);
  return nodes.map(({ node, cpus: count }) => {
    const busy = sum(SERVICES.map((service) => cpus[service].get(node) ?? 0));
    return count === 0 ? 0 : busy / (count * (now.at - before.at));
  });
}

function serviceIn(report: PlacementResponse, service: Service): placement.ServiceReport | undefined {
  return report.services.find((one) => one.service === service);
}

function nodeMovesOf(before: PlacementResponse, after: PlacementResponse): Run['nodeMoves'] {
  const moves = (service: Service) =>
    Math.max(
      0,
      (serviceIn(after, service)?.nodeMigrations ?? 0) - (serviceIn(before, service)?.nodeMigrations ?? 0),
    );
  return { graph: moves('graph'), iris: moves('iris') };
}

function memoryOf(report: PlacementResponse, service: Service): Run['memory'][Service] {
  const memory = serviceIn(report, service)?.ownMemory;
  return isKnown(memory) ? memory.nodes.map(({ node, bytes }) => ({ node, bytes })) : null;
}

/**
 * The share of accesses that would go to another node if every thread reached for any page of its service alike: of each
 * service the sum over nodes of its share of CPU time there times its share of memory elsewhere. It needs no home node, so
 * that placements without one can be compared with those that have one.
 */
function remotePagesOf(report: PlacementResponse, cpus: CpuSeconds): number | null {
  let remote = 0;
  let all = 0;
  for (const service of SERVICES) {
    const memory = memoryOf(report, service);
    if (memory === null) return null;
    const bytes = sum(memory.map((one) => one.bytes));
    if (bytes === 0) return null;
    for (const [node, seconds] of cpus[service]) {
      const here = memory.find((one) => one.node === node)?.bytes ?? 0;
      remote += seconds * (1 - here / bytes);
      all += seconds;
    }
  }
  return all === 0 ? null : remote / all;
}

function difference<Name extends string>(
  before: Readonly<Record<Name, number>>,
  now: Readonly<Record<Name, number>>,
): Record<Name, number> {
  const names = Object.keys(now) as Name[];
  return Object.fromEntries(names.map((name) => [name, now[name] - before[name]])) as Record<Name, number>;
}

function ratio(part: number, whole: number): number | null {
  return whole > 0 ? part / whole : null;
}

/** Counters that are read one after the other may be a step apart. */
function share(part: number, whole: number): number {
  return whole > 0 ? Math.min(1, Math.max(0, part / whole)) : 0;
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
