/**
 * The walker threads, as the main thread sees them.
 *
 * A thread that dies fails its jobs and is replaced: at once, or after a pause when it had only just started. Until then
 * its share of the searches fails.
 */
import { Worker } from 'node:worker_threads';
import {
  CancelledError,
  DeadlineExceededError,
  ErrorCode,
  NotFoundError,
  UnavailableError,
} from '@irispair/common/errors/errors';
import { serialId, version, type VectorId } from '@irispair/common/ids/vector-id';
import type { Logger } from '@irispair/common/log/logger';
import { LONGEST_THREAD_NAME } from '@irispair/native/thread-name';
import type { GraphChunk } from '../graph/graph-memory.js';
import { addHops, noHops, type HopCounters } from '../hop/hop-counters.js';
import { addDurations, durationMemory, durationsIn, type HopDurations } from '../hop/hop-durations.js';
import type { EntryPoints, SearchOrder, SearchResult } from '../walk/order.js';
import type { FromWalker, ThreadSetup, ToWalker, TracedWalk, WalkerSetup, WalkOutcome } from './messages.js';

/** A search's result, or why there is none. */
export type Searched = SearchResult | Error;

/** Told how a traced search went, by its place among the orders; never told when its thread died. */
export type ToldOfWalk = (index: number, walk: TracedWalk) => void;

interface Job {
  readonly resolve: (outcomes: readonly WalkOutcome[]) => void;
  readonly told: (walk: TracedWalk) => void;
  readonly size: number;
}

interface Walker {
  /** Undefined between a thread's death and its replacement. */
  thread: Worker | undefined;
  counters: HopCounters;
  readonly jobs: Map<number, Job>;
}

/** A thread that lived no longer is replaced only after as long. */
const RESTART_MILLISECONDS = 1_000;

const DIED: WalkOutcome = {
  ok: false,
  code: ErrorCode.Unavailable,
  message: 'a walker thread died: try again',
};

/** Walks in parallel. */
export class WalkerPool {
  private readonly walkers: Walker[] = [];
  private readonly chunks: GraphChunk[] = [];
  private entryPoints: EntryPoints = { topLayer: 0, serials: new Uint32Array() };
  private retired: HopCounters = noHops();
  /** Where each walker counts durations, whichever thread it is. */
  private readonly durationMemories: readonly SharedArrayBuffer[];
  private died = 0;
  private lastJob = 0;
  private closing: Promise<unknown> | undefined;
  private readonly restarts = new Set<NodeJS.Timeout>();

  constructor(
    threads: number,
    private readonly setup: WalkerSetup,
    private readonly logger: Logger,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.durationMemories = Array.from({ length: threads }, durationMemory);
    for (let index = 0; index < threads; index++) {
      const walker: Walker = { thread: this.start(index), counters: noHops(), jobs: new Map() };
      this.walkers.push(walker);
    }
  }

  /** Gives all walkers a new piece of the graph. */
  share(chunk: GraphChunk): void {
    this.chunks.push(chunk);
    this.tellAll({ kind: 'chunk', chunk });
  }

  /** Tells all walkers where to start from now on. */
  setEntryPoints(entryPoints: EntryPoints): void {
    this.entryPoints = entryPoints;
    this.tellAll({ kind: 'entry points', entryPoints });
  }

  /** Fails what is being searched, and all searches until {@link resume}. */
  suspend(reason: string): void {
    this.tellAll({ kind: 'suspend', reason });
  }

  resume(): void {
    this.tellAll({ kind: 'resume' });
  }

  /** Fails what is being searched, and takes other connections. */
  reconnect(reason: string): void {
    this.tellAll({ kind: 'reconnect', reason });
  }

  /** Runs searches, spread over the walkers; each ends with its own result or error. */
  async search(orders: readonly SearchOrder[], told: ToldOfWalk = () => undefined): Promise<Searched[]> {
    if (this.closing !== undefined) return orders.map(() => new UnavailableError('the service stops'));
    const results = new Array<Searched>(orders.length);
    const share = Math.ceil(orders.length / this.walkers.length);
    await Promise.all(
      this.walkers.map(async (walker, index) => {
        const first = index * share;
        const mine = orders.slice(first, first + share);
        if (mine.length === 0) return;
        const outcomes = await this.run(walker, mine, (walk) => {
          told(first + walk.index, walk);
        });
        outcomes.forEach((outcome, place) => {
          results[first + place] = readOutcome(outcome);
        });
      }),
    );
    return results;
  }

  counters(): HopCounters {
    return addHops([this.retired, ...this.walkers.map(({ counters }) => counters)]);
  }

  durations(): HopDurations {
    return addDurations(this.durationMemories.map(durationsIn));
  }

  /** Threads that are there. */
  get running(): number {
    return this.walkers.filter(({ thread }) => thread !== undefined).length;
  }

  /** Threads that ended without being asked. */
  get deaths(): number {
    return this.died;
  }

  /** Ends all threads; what is in work fails. */
  async close(): Promise<void> {
    for (const restart of this.restarts) clearTimeout(restart);
    this.closing ??= Promise.all(
      this.walkers.flatMap(({ thread }) => (thread === undefined ? [] : [stop(thread)])),
    );
    await this.closing;
  }

  private run(
    { thread, jobs }: Walker,
    orders: readonly SearchOrder[],
    told: (walk: TracedWalk) => void,
  ): Promise<readonly WalkOutcome[]> {
    if (thread === undefined) return Promise.resolve(orders.map(() => DIED));
    this.lastJob += 1;
    const job = this.lastJob;
    return new Promise((resolve) => {
      jobs.set(job, { resolve, told, size: orders.length });
      tell(thread, { kind: 'search', job, orders });
    });
  }

  private start(index: number): Worker {
    const name = walkerName(this.setup.node, index);
    const setup: ThreadSetup = { ...this.setup, name, durations: this.durationMemories[index] };
    const thread = new Worker(new URL('./walker-thread.js', import.meta.url), {
      workerData: setup,
      name,
    });
    thread.on('message', (message: FromWalker) => {
      const walker = this.walkers[index];
      walker.counters = message.counters;
      const job = walker.jobs.get(message.job);
      walker.jobs.delete(message.job);
      for (const walk of message.traced) job?.told(walk);
      job?.resolve(message.outcomes);
    });
    thread.on('error', (error) => {
      this.logger.error({ err: error, walker: index }, 'a walker thread died');
    });
    const started = this.now();
    thread.on('exit', () => {
      this.retire(this.walkers[index]);
      if (this.closing !== undefined) return;
      this.died += 1;
      if (this.now() - started > RESTART_MILLISECONDS) this.replace(index);
      else this.replaceLater(index);
    });
    return thread;
  }

  /** Ends all jobs of a walker whose thread is gone, and keeps what it had counted. */
  private retire(walker: Walker): void {
    walker.thread = undefined;
    this.retired = addHops([this.retired, walker.counters]);
    walker.counters = noHops();
    for (const { resolve, size } of walker.jobs.values()) resolve(Array<WalkOutcome>(size).fill(DIED));
    walker.jobs.clear();
  }

  private replaceLater(index: number): void {
    const restart = setTimeout(() => {
      this.restarts.delete(restart);
      this.replace(index);
    }, RESTART_MILLISECONDS);
    this.restarts.add(restart);
  }

  private replace(index: number): void {
    const thread = this.start(index);
    this.walkers[index].thread = thread;
    for (const chunk of this.chunks) tell(thread, { kind: 'chunk', chunk });
    tell(thread, { kind: 'entry points', entryPoints: this.entryPoints });
  }

  private tellAll(message: ToWalker): void {
    for (const { thread } of this.walkers) if (thread !== undefined) tell(thread, message);
  }
}

function tell(thread: Worker, message: ToWalker): void {
  thread.postMessage(message);
}

async function stop(thread: Worker): Promise<void> {
  const exited = new Promise((resolve) => thread.once('exit', resolve));
  tell(thread, { kind: 'stop' });
  await exited;
}

function readOutcome(outcome: WalkOutcome): Searched {
  if (!outcome.ok) return readError(outcome.code, outcome.message);
  const { neighbours, ...rest } = outcome.result;
  return { ...rest, neighbours: unpack(neighbours) };
}

function readError(code: ErrorCode | null, message: string): Error {
  switch (code) {
    case ErrorCode.Unavailable:
      return new UnavailableError(message);
    case ErrorCode.DeadlineExceeded:
      return new DeadlineExceededError(message);
    case ErrorCode.Cancelled:
      return new CancelledError(message);
    case ErrorCode.NotFound:
      return new NotFoundError(message);
    case ErrorCode.AlreadyExists:
    case ErrorCode.InvalidInput:
    case ErrorCode.Exhausted:
    case ErrorCode.Conflict:
    case ErrorCode.Misconfigured:
    case ErrorCode.DataLoss:
    case null:
      return new Error(message);
  }
}

function unpack(words: Uint32Array): VectorId[] {
  return Array.from({ length: words.length / 2 }, (_, index) => ({
    serialId: serialId(words[2 * index]),
    version: version(words[2 * index + 1]),
  }));
}

/** As the iris service's workers are named: node and index. */
function walkerName(node: number | undefined, index: number): string {
  return `${node === undefined ? 'nx' : `n${node}`}-walk-${index}`.slice(0, LONGEST_THREAD_NAME);
}
