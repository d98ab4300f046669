/**
 * Secret-shared mode: this service compares together with those of the two other parties.
 *
 * A step of a search is a run of a protocol, called by the search's name and the number of the step; all three parties run
 * it under the same name. The steps of a message, and messages, run beside each other.
 */
import { EventEmitter } from 'node:events';
import { monotonicMicroseconds } from '@irispair/common/clock/monotonic';
import {
  ConflictError,
  InvalidInputError,
  IrisPairError,
  PartyFailedError,
} from '@irispair/common/errors/errors';
import type { PartyIndex } from '@irispair/common/parties/party';
import { nativeErrorCode } from '@irispair/native/engine';
import { StepOutcome, type StepAnswer } from '@irispair/native/engine-types';
import type { ProtocolRun, RunKeys, SharedEngine, StepRun } from '@irispair/native/shared-engine-types';
import type { EvaluateRequest, SearchStep as WireStep } from '@irispair/proto/compute';
import { writeAnswer } from '../hop/wire.js';
import type { PartyLinks, RunChannel } from '../parties/party-links.js';
import type { ComparedQueries, Comparing, Evaluated, QueryComparison } from './comparing.js';
import { carryRun, costAttributes, noCost, type RunCost } from './party-run.js';
import { RunNames } from './run-names.js';
import { notEvaluated, readStep } from './step.js';

/** A comparison has no steps. */
const ONLY_STEP = 0;

const GRAPH_SERVICE_GONE = 'its graph service is gone';

/** A search whose steps are runs. */
interface NamedSearch {
  readonly name: Buffer;
  nextStep: number;
}

/** What is open on one stream. */
interface StreamState {
  readonly searches: Map<number, NamedSearch>;
  readonly running: Set<RunChannel>;
  closed: boolean;
}

/** A step that was answered, and what that cost. */
interface AnsweredStep {
  readonly answer: StepAnswer;
  readonly cost: RunCost;
}

/** Runs by how they ended. */
export interface RunCounts {
  answered: number;
  failed: number;
}

/** The engine of this party refuses a step. */
class RefusedStepError extends Error {
  constructor(readonly answer: StepAnswer) {
    super(answer.detail);
  }
}

/** Compares shares. */
export class SharedComparing implements Comparing {
  /** A prepared share takes some hundred kilobytes. */
  readonly mostQueries = 4_096;
  readonly events: Comparing['events'] = new EventEmitter();
  /** Since the start. */
  readonly runs: RunCounts = { answered: 0, failed: 0 };
  private readonly names = new RunNames();
  private readonly streams = new Map<number, StreamState>();

  constructor(
    private readonly party: PartyIndex,
    private readonly engine: SharedEngine,
    private readonly links: PartyLinks,
  ) {
    // One listener for each session, however many there are.
    this.events.setMaxListeners(0);
    links.onAwayChange(() => this.events.emit('away'));
  }

  get away(): string | undefined {
    return this.links.away;
  }

  async evaluate(stream: number, { steps }: EvaluateRequest): Promise<Evaluated> {
    const startedMicroseconds = monotonicMicroseconds();
    const answered = await Promise.all(steps.map((step) => this.step(stream, step)));
    return {
      startedMicroseconds,
      finishedMicroseconds: monotonicMicroseconds(),
      answers: answered.map(({ answer }, index) => writeAnswer(steps[index].searchId, answer)),
      attributes: answered.map(({ cost }) => costAttributes(cost)),
    };
  }

  closeStream(stream: number): void {
    const state = this.streams.get(stream);
    this.streams.delete(stream);
    if (state !== undefined) {
      state.closed = true;
      for (const channel of state.running) channel.abort(GRAPH_SERVICE_GONE);
    }
    this.engine.closeStream(stream);
  }

  async compareQueries({ queries, window, run: name }: QueryComparison): Promise<ComparedQueries> {
    const place = { name: this.names.use(name, 'run'), step: ONLY_STEP };
    const begin = (keys: RunKeys) => this.engine.beginComparison(queries, window, keys);
    const cost = noCost();
    const matchBits = await this.run(newStream(), place, begin, cost);
    return { matchBits, attributes: costAttributes(cost) };
  }

  inTheClear(wanted: string): never {
    throw new ConflictError(
      `${wanted}: this service is in secret-shared mode, which opens no distances and has no irises in the clear: search instead`,
    );
  }

  close(): Promise<void> {
    return this.links.close();
  }

  private async step(stream: number, step: WireStep): Promise<AnsweredStep> {
    const state = this.streams.get(stream) ?? newStream();
    this.streams.set(stream, state);
    const cost = noCost();
    const answer = await this.answer(stream, state, step, cost);
    if (answer.outcome !== StepOutcome.Ok || step.close) state.searches.delete(step.searchId);
    // Nobody goes on with the search of a step that was not answered.
    if (answer.outcome !== StepOutcome.Ok || state.closed) this.engine.closeSearch(stream, step.searchId);
    return { answer, cost };
  }

  private async answer(
    stream: number,
    state: StreamState,
    step: WireStep,
    cost: RunCost,
  ): Promise<StepAnswer> {
    try {
      const search = this.searchOf(state, step);
      if (search === undefined) {
        return notEvaluated(
          StepOutcome.UnknownSearch,
          `search ${step.searchId} is not open on this stream: open it anew`,
        );
      }
      const place = { name: search.name, step: search.nextStep };
      search.nextStep += 1;
      return await this.run(state, place, (keys) => this.beginStep(stream, step, keys), cost, refuse);
    } catch (error) {
      return answerTo(error);
    }
  }

  /** The search of a step, newly named when the step opens it; undefined when it is not open. */
  private searchOf(state: StreamState, step: WireStep): NamedSearch | undefined {
    if (step.open === undefined) return state.searches.get(step.searchId);
    const search = { name: this.names.use(step.open.run, 'open.run'), nextStep: 0 };
    state.searches.set(step.searchId, search);
    return search;
  }

  private async beginStep(stream: number, step: WireStep, keys: RunKeys): Promise<StepRun> {
    if (step.withDistances) {
      throw new InvalidInputError('with_distances', 'secret-shared mode opens no distances: leave it out');
    }
    return this.engine.beginStep(stream, readStep(step), keys);
  }

  /**
   * One run at all three parties. Whatever is wrong at this one ends it at the others.
   * @param check throws when the answer says that this party refused it
   */
  private async run<Answer>(
    state: StreamState,
    { name, step }: RunPlace,
    begin: (keys: RunKeys) => Promise<ProtocolRun<Answer>>,
    cost: RunCost,
    check: (answer: Answer) => void = () => undefined,
  ): Promise<Answer> {
    let channel: RunChannel | undefined;
    try {
      channel = this.links.run(name, step);
      state.running.add(channel);
      const answer = await carryRun(this.party, channel, begin, cost);
      check(answer);
      channel.close();
      this.runs.answered += 1;
      return answer;
    } catch (error) {
      channel?.abort(reasonFor(error));
      this.runs.failed += 1;
      throw error;
    } finally {
      if (channel !== undefined) state.running.delete(channel);
    }
  }
}

/** What a run is called. */
interface RunPlace {
  readonly name: Buffer;
  readonly step: number;
}

function newStream(): StreamState {
  return { searches: new Map(), running: new Set(), closed: false };
}

function refuse(answer: StepAnswer): void {
  if (answer.outcome !== StepOutcome.Ok) throw new RefusedStepError(answer);
}

/** What the other parties are told. */
function reasonFor(error: unknown): string {
  const isTold =
    error instanceof IrisPairError ||
    error instanceof RefusedStepError ||
    nativeErrorCode(error) !== undefined;
  return isTold ? (error as Error).message : 'an internal error, which its log tells';
}

/** @throws what is no step's fault */
function answerTo(error: unknown): StepAnswer {
  if (error instanceof RefusedStepError) return error.answer;
  if (error instanceof InvalidInputError) return notEvaluated(StepOutcome.Invalid, error.message);
  if (error instanceof PartyFailedError) return notEvaluated(StepOutcome.PartyFailed, error.message);
  // Abandoned, for the stream is over: nobody reads this.
  if (nativeErrorCode(error) === 'CANCELLED') {
    return notEvaluated(StepOutcome.PartyFailed, GRAPH_SERVICE_GONE);
  }
  throw error;
}
