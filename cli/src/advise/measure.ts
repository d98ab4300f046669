/**
 * Measures one scenario on a running pair.
 *
 * 1. Warm up with requests that are not counted.
 * 2. Look; put the load on and look again at every window; look once more when it is over.
 * 3. Make figures of what was seen.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { build, type Histogram } from 'hdr-histogram-js';
import { InvalidInputError } from '@irispair/common/errors/errors';
import type { Topology } from '@irispair/common/placement/topology';
import { Keystream } from '@irispair/common/iris/keystream';
import { figuresOf, type NodeCpus, type Seen } from './figures.js';
import {
  cpuMoves,
  look,
  movesBetween,
  SERVICES,
  ThreadTimes,
  type Look,
  type Looked,
  type Service,
} from './looks.js';
import { unlessAborted, type MeasuredPair } from './measured-pair.js';
import { OfferedLoad, type LoadClock, type LoadCounts, type Outcome } from './offered-load.js';
import type { Capture } from './people.js';
import { PerfCount } from './perf.js';
import type { PlannedRun } from './plan.js';
import type { Run } from './report.js';
import { MIX, OFFERED_SHARE, type RequestMix, type Scenario } from './scenarios.js';

/** As many requests as fill two batches: one is worked on while the next one gathers. */
export const CLOSED_IN_FLIGHT = 64;
/** Beyond what a pair works on and lets wait: it refuses requests before they are held back here. */
export const MOST_IN_FLIGHT = 512;

const WINDOWS = 30;
const LEAST_WINDOW_SECONDS = 0.25;
const MOST_WINDOW_SECONDS = 10;
const HIGHEST_MICROSECONDS = 60_000_000;

/** The clock of the machine. */
const CLOCK: LoadClock = {
  now: () => performance.now(),
  wait: async (milliseconds, signal) => {
    await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
  },
};

/** The capacity that baseline and stress are offered shares of: searches a second. */
export interface Capacity {
  /** Of the placement that does least: nobody is overloaded in the baseline. */
  readonly least: number;
  /** Of the one that does most: everybody is overloaded under stress. */
  readonly most: number;
}

/** What measuring needs. */
export interface MeasureParts {
  readonly pair: MeasuredPair;
  readonly captures: readonly Capture[];
  readonly topology: Topology;
  readonly nodes: readonly NodeCpus[];
  readonly warmingSeconds: number;
  readonly usesPerf: boolean;
  readonly signal: AbortSignal;
}

/** Searches a second with as many in flight as the pair can use. @throws InvalidInputError when none is answered */
export async function measureCapacity(parts: MeasureParts, seconds: number): Promise<number> {
  const { pair, captures, signal } = parts;
  const mix = MIX.baseline;
  await warm(parts, mix);
  const load = loadOn(pair, captures, mix, signal, () => undefined);
  const { answered } = await unlessAborted(
    load.closed({ inFlight: CLOSED_IN_FLIGHT, milliseconds: 1_000 * seconds }),
    signal,
  );
  if (answered === 0) {
    throw new InvalidInputError(
      '--seconds',
      `no search was answered within ${seconds} s while the capacity was measured: give more`,
    );
  }
  return answered / seconds;
}

/** Requests a second that a scenario offers; null where answers set the pace. */
export function offeredIn(scenario: Scenario, { least, most }: Capacity): number | null {
  if (scenario === 'baseline') return OFFERED_SHARE.baseline * least;
  return scenario === 'stress' ? OFFERED_SHARE.stress * most : null;
}

/** Measures. */
export async function measureRun(parts: MeasureParts, planned: PlannedRun, capacity: Capacity): Promise<Run> {
  const { pair, captures, topology, nodes, usesPerf, signal } = parts;
  const mix = MIX[planned.scenario];
  const offeredPerSecond = offeredIn(planned.scenario, capacity);
  await warm(parts, mix);

  const ids = pair.processIds();
  const latencies = build({ highestTrackableValue: HIGHEST_MICROSECONDS, numberOfSignificantValueDigits: 3 });
  const load = loadOn(pair, captures, mix, signal, (outcome, milliseconds) => {
    if (outcome === 'answered') record(latencies, milliseconds);
  });
  const looked = {
    metrics: pair.metrics,
    threads: { graph: threadTimes(ids.graph, topology), iris: threadTimes(ids.iris, topology) },
    answered: () => load.counts.answered,
  };
  const perf = usesPerf ? PerfCount.attach(Object.values(ids)) : null;
  try {
    const before = await pair.placement();
    const start = await begin(looked, ids);
    const running = runLoad(load, planned, offeredPerSecond);
    const watched = await unlessAborted(watch(looked, ids, start, planned.seconds, signal), signal);
    const counts = await unlessAborted(running, signal);
    return figuresOf({
      planned,
      offeredPerSecond,
      counts,
      latencies,
      ...watched,
      before,
      after: await pair.placement(),
      nodeLoads: (await perf?.end()) ?? null,
      nodes,
    });
  } finally {
    await perf?.stop();
  }
}

type ProcessIds = Readonly<Record<Service, number>>;

/** What is compared with the end of a load. */
interface Beginning {
  readonly look: Look;
  readonly moves: ReturnType<typeof movesOf>;
  readonly usage: NodeJS.CpuUsage;
}

async function begin(looked: Looked, ids: ProcessIds): Promise<Beginning> {
  return { look: await look(looked), moves: movesOf(ids), usage: process.cpuUsage() };
}

/** Looks at every window until the time is over. */
async function watch(
  looked: Looked,
  ids: ProcessIds,
  start: Beginning,
  seconds: number,
  signal: AbortSignal,
): Promise<Pick<Seen, 'looks' | 'cpuMoves' | 'clientSeconds'>> {
  const window = Math.min(MOST_WINDOW_SECONDS, Math.max(LEAST_WINDOW_SECONDS, seconds / WINDOWS));
  const windows = Math.max(1, Math.round(seconds / window));
  const begun = performance.now();
  const looks = [start.look];
  for (let index = 1; index <= windows && !signal.aborted; index++) {
    const due = begun + (index * 1_000 * seconds) / windows;
    await CLOCK.wait(Math.max(0, due - performance.now()), signal);
    looks.push(await look(looked));
  }
  const { user, system } = process.cpuUsage(start.usage);
  const moves = movesOf(ids);
  return {
    looks,
    clientSeconds: (user + system) / 1e6,
    cpuMoves: {
      graph: movesBetween(start.moves.graph, moves.graph),
      iris: movesBetween(start.moves.iris, moves.iris),
    },
  };
}

async function warm(
  { pair, captures, warmingSeconds, signal }: MeasureParts,
  mix: RequestMix,
): Promise<void> {
  const load = loadOn(pair, captures, mix, signal, () => undefined);
  const milliseconds = 1_000 * warmingSeconds;
  await unlessAborted(load.closed({ inFlight: CLOSED_IN_FLIGHT, milliseconds }), signal);
}

function loadOn(
  pair: MeasuredPair,
  captures: readonly Capture[],
  mix: RequestMix,
  signal: AbortSignal,
  ended: (outcome: Outcome, milliseconds: number) => void,
): OfferedLoad {
  return new OfferedLoad({ ask: (index) => pair.ask(mix, captures, index), ended, clock: CLOCK, signal });
}

function runLoad(
  load: OfferedLoad,
  { round, seconds }: PlannedRun,
  offeredPerSecond: number | null,
): Promise<LoadCounts> {
  const milliseconds = 1_000 * seconds;
  if (offeredPerSecond === null) return load.closed({ inFlight: CLOSED_IN_FLIGHT, milliseconds });
  // The same arrivals for every placement of a round.
  const arrivals = new Keystream('arrivals', [round]);
  return load.open({
    rate: offeredPerSecond,
    milliseconds,
    mostInFlight: MOST_IN_FLIGHT,
    random: () => arrivals.uniform(0, 1),
  });
}

function record(latencies: Histogram, milliseconds: number): void {
  latencies.recordValue(Math.min(HIGHEST_MICROSECONDS, Math.max(0, Math.round(1_000 * milliseconds))));
}

function threadTimes(processId: number, { nodes }: Topology): ThreadTimes {
  const nodeOf = new Map(nodes.flatMap(({ id, allCpus }) => allCpus.map((cpu) => [cpu, id] as const)));
  return new ThreadTimes(`/proc/${processId}`, (cpu) => nodeOf.get(cpu) ?? null);
}

function movesOf(
  ids: Readonly<Record<Service, number>>,
): Record<Service, ReadonlyMap<number, number> | null> {
  const [graph, iris] = SERVICES.map((service) => cpuMoves(`/proc/${ids[service]}`));
  return { graph, iris };
}
