/**
 * Measures a pair of its own in every placement, in rounds, and says whether separating the nodes pays (DESIGN section 9).
 *
 * 1. See which placements this machine allows and whether perf counts loads; say how long it will take.
 * 2. Make people up and enrol them, once: every pair runs on the same stores.
 * 3. Measure the capacity of every placement.
 * 4. Measure rounds of all placements and scenarios.
 * 5. Sum up. Interrupted, it sums up what is whole and says that it is partial.
 * The directory and all processes are gone in the end, in any case.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidInputError } from '@irispair/common/errors/errors';
import type { Placement } from '@irispair/common/placement/decide';
import { VERSION } from '@irispair/common/version';
import { readTopology } from '@irispair/native/topology';
import { note } from '../output/print.js';
import { checkLength } from '../pair/pair.js';
import { describeMachine, whyNotHere } from './machine.js';
import {
  CLOSED_IN_FLIGHT,
  measureCapacity,
  measureRun,
  MOST_IN_FLIGHT,
  type MeasureParts,
} from './measure.js';
import { MeasuredPair, QUEUE_SIZE, unlessAborted } from './measured-pair.js';
import { People, type Capture } from './people.js';
import { whyNoPerf } from './perf.js';
import {
  durationsOf,
  formatDuration,
  planRounds,
  secondsOf,
  type Durations,
  type PlannedPair,
} from './plan.js';
import { countedStep, timedStep } from './progress.js';
import { REPORT_FORMAT, type AdviseReport } from './report.js';
import { MIX, PLACEMENTS } from './scenarios.js';
import { summarise, type Measured } from './summary.js';

/** What to measure. */
export interface AdviseOptions {
  readonly people: number;
  readonly rounds: number;
  /** Of a scenario. */
  readonly seconds: number;
  /** Null: all that the machine allows. */
  readonly placements: readonly Placement[] | null;
}

const SEED = 'irispair advise';

/**
 * Resolves to the report; null when it was interrupted before anything was measured.
 * @throws InvalidInputError when a placement that was asked for cannot be measured here
 */
export async function adviseOnPair(
  options: AdviseOptions,
  interrupt: AbortSignal,
): Promise<AdviseReport | null> {
  const directory = await makeDirectory();
  try {
    const advisor = await Advisor.prepare(options, directory, interrupt);
    return await advisor.run();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function makeDirectory(): Promise<string> {
  checkLength(join(tmpdir(), 'irispair-advise-XXXXXX'));
  return mkdtemp(join(tmpdir(), 'irispair-advise-'));
}

class Advisor {
  private readonly topology = readTopology();
  private readonly durations: Durations;
  private readonly pairs: readonly PlannedPair[];
  private readonly capacity: { placement: Placement; searchesPerSecond: number }[] = [];
  private readonly runs: AdviseReport['runs'] = [];
  private enrolled = 0;
  /** Of the pair that runs: aborted when the user interrupts or a service ends by itself. */
  private readonly failed = new AbortController();
  private readonly signal: AbortSignal;

  private constructor(
    private readonly options: AdviseOptions,
    private readonly directory: string,
    private readonly interrupt: AbortSignal,
    private readonly placements: readonly Placement[],
    private readonly leftOut: AdviseReport['leftOut'],
    private readonly perfMissing: string | null,
  ) {
    this.durations = durationsOf(options.seconds);
    this.pairs = planRounds(options.rounds, placements, this.durations);
    this.signal = AbortSignal.any([interrupt, this.failed.signal]);
  }

  static async prepare(options: AdviseOptions, directory: string, interrupt: AbortSignal): Promise<Advisor> {
    const topology = readTopology();
    const leftOut: AdviseReport['leftOut'] = [];
    const placements: Placement[] = [];
    for (const placement of options.placements ?? PLACEMENTS) {
      const reason = whyNotHere(placement, topology, process.env);
      if (reason === null) placements.push(placement);
      else if (options.placements === null) leftOut.push({ placement, reason });
      else throw new InvalidInputError('--placements', `${placement} cannot be measured here: ${reason}`);
    }
    return new Advisor(options, directory, interrupt, placements, leftOut, await whyNoPerf());
  }

  async run(): Promise<AdviseReport | null> {
    this.announce();
    try {
      const captures = await this.enrol();
      await this.measureCapacities(captures);
      await this.measureRounds(captures);
    } catch (error) {
      if (!this.interrupt.aborted) throw error;
      if (this.runs.length === 0) return null;
      return this.report(`interrupted after ${this.runs.length} of ${this.plannedRuns} measurements`);
    }
    return this.report(null);
  }

  private get plannedRuns(): number {
    return this.pairs.reduce((sum, { runs }) => sum + runs.length, 0);
  }

  private announce(): void {
    const { rounds, seconds, people } = this.options;
    for (const { placement, reason } of this.leftOut) note(`${placement} is left out: ${reason}`);
    if (this.perfMissing !== null) note(`remote loads are not counted: ${this.perfMissing}`);
    const time = formatDuration(secondsOf(this.pairs, this.placements, this.durations));
    note(
      `${rounds} ${rounds === 1 ? 'round' : 'rounds'} of ${this.placements.join(', ')}, 3 scenarios of ${seconds} s each: ` +
        `about ${time} once ${people} people are enrolled; Ctrl-C ends it and tells what was measured by then`,
    );
  }

  private async enrol(): Promise<Capture[]> {
    const { people: count } = this.options;
    const people = new People(SEED, count);
    return this.withPair(this.placements[0], MIX.baseline.settings, async (pair) => {
      const step = countedStep(`enrolling ${count} people`, count);
      try {
        this.enrolled = await people.enrol(pair.client, this.signal, (done) => {
          step.reach(done);
        });
      } finally {
        step.stop();
      }
      const captures = await people.captures(this.enrolled, this.signal);
      this.signal.throwIfAborted();
      return captures;
    });
  }

  private async measureCapacities(captures: readonly Capture[]): Promise<void> {
    for (const placement of this.placements) {
      await this.withPair(placement, MIX.baseline.settings, async (pair) => {
        const { capacity, warming } = this.durations;
        const step = timedStep(`capacity, ${placement}`, capacity + warming);
        try {
          const searchesPerSecond = await measureCapacity(this.parts(pair, captures), capacity);
          this.capacity.push({ placement, searchesPerSecond });
        } finally {
          step.stop();
        }
      });
    }
  }

  private async measureRounds(captures: readonly Capture[]): Promise<void> {
    const rates = this.capacity.map(({ searchesPerSecond }) => searchesPerSecond);
    const capacity = { least: Math.min(...rates), most: Math.max(...rates) };
    for (const { placement, settings, runs } of this.pairs) {
      await this.withPair(placement, settings, async (pair) => {
        for (const planned of runs) {
          const title = `round ${planned.round} of ${this.options.rounds}, ${placement}, ${planned.scenario}`;
          const step = timedStep(title, planned.seconds + this.durations.warming);
          try {
            this.runs.push(await measureRun(this.parts(pair, captures), planned, capacity));
          } finally {
            step.stop();
          }
        }
      });
    }
  }

  private async withPair<Result>(
    placement: Placement,
    settings: Readonly<Record<string, string>>,
    use: (pair: MeasuredPair) => Promise<Result>,
  ): Promise<Result> {
    this.signal.throwIfAborted();
    const pair = await MeasuredPair.start({
      directory: this.directory,
      placement,
      people: this.options.people,
      settings,
      failed: this.failed,
      signal: this.signal,
    });
    try {
      return await unlessAborted(use(pair), this.signal);
    } finally {
      await pair.stop();
    }
  }

  private parts(pair: MeasuredPair, captures: readonly Capture[]): MeasureParts {
    return {
      pair,
      captures,
      topology: this.topology,
      nodes: describeMachine(this.topology).nodes,
      warmingSeconds: this.durations.warming,
      usesPerf: this.perfMissing === null,
      signal: this.signal,
    };
  }

  private report(partial: string | null): AdviseReport {
    const { people, rounds, seconds } = this.options;
    const measured: Measured = {
      format: REPORT_FORMAT,
      madeAt: new Date().toISOString(),
      version: VERSION,
      partial,
      machine: describeMachine(this.topology),
      settings: {
        people,
        enrolled: this.enrolled,
        rounds,
        seconds,
        placements: [...this.placements],
        queueSize: QUEUE_SIZE,
        mostInFlight: MOST_IN_FLIGHT,
        closedInFlight: CLOSED_IN_FLIGHT,
      },
      leftOut: this.leftOut,
      perfMissing: this.perfMissing,
      capacity: this.capacity,
      runs: this.runs,
    };
    return summarise(measured);
  }
}
