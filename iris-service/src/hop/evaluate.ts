/**
 * The hop itself: messages in, steps to the engine's pools, answers out as they finish.
 *
 * A stream owns its searches and may have a bounded number of messages unanswered.
 */
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { monotonicMicroseconds } from '@irispair/common/clock/monotonic';
import { ExhaustedError, InvalidInputError } from '@irispair/common/errors/errors';
import { toStatus } from '@irispair/common/grpc/status';
import type { Logger } from '@irispair/common/log/logger';
import {
  StepOutcome,
  type IrisEngine,
  type SearchStep,
  type StepAnswer,
} from '@irispair/native/engine-types';
import type { EvaluateRequest, EvaluateResponse, SearchStep as WireStep } from '@irispair/proto/compute';
import type { HopTraces } from '../traces/hop-traces.js';
import { readOpenSearch, writeAnswer } from './wire.js';

/** Unanswered messages allowed on one stream. */
export const MAXIMUM_REQUESTS_IN_FLIGHT = 64;

/** Candidates allowed in one step. */
export const MAXIMUM_CANDIDATES_A_STEP = 65_536;

type HopStream = ServerDuplexStream<EvaluateRequest, EvaluateResponse>;

/**
 * Serves one stream until it ends.
 * @param traces undefined when nothing is traced
 */
export function serveEvaluate(
  call: HopStream,
  stream: number,
  engine: IrisEngine,
  logger: Logger,
  traces?: HopTraces,
): void {
  let inFlight = 0;
  let ended = false;
  let failed = false;

  function fail(error: unknown): void {
    if (failed) return;
    failed = true;
    logger.warn({ err: error, stream }, 'hop stream failed');
    call.emit('error', toStatus(error));
  }

  function endWhenAnswered(): void {
    if (ended && inFlight === 0) call.end();
  }

  async function answer(request: EvaluateRequest): Promise<void> {
    const received = monotonicMicroseconds();
    const evaluated = await evaluate(engine, stream, request);
    const response = { ...evaluated, requestId: request.requestId, receivedMicroseconds: received };
    // What this service shows has to lie within what the other one shows.
    const ended = request.trace === undefined ? 0 : monotonicMicroseconds();
    call.write(response);
    if (request.trace !== undefined) traces?.show(request, response, ended);
  }

  call.on('data', (request: EvaluateRequest) => {
    // What was sent before the client knows is not worth the work.
    if (failed) return;
    if (inFlight >= MAXIMUM_REQUESTS_IN_FLIGHT) {
      fail(
        new ExhaustedError(
          `${MAXIMUM_REQUESTS_IN_FLIGHT} requests of this stream are unanswered: wait for answers`,
        ),
      );
      return;
    }
    inFlight += 1;
    answer(request)
      .catch(fail)
      .finally(() => {
        inFlight -= 1;
        endWhenAnswered();
      });
  });
  call.on('end', () => {
    ended = true;
    endWhenAnswered();
  });
  call.on('error', (error) => {
    logger.warn({ err: error, stream }, 'hop stream broke');
  });
  call.on('close', () => {
    engine.closeStream(stream);
  });
}

type Evaluated = Omit<EvaluateResponse, 'requestId' | 'receivedMicroseconds'>;

/**
 * Steps that cannot be read are answered as invalid; the others of the message are evaluated. Nobody goes on with the
 * search of an invalid step: it is closed.
 */
async function evaluate(engine: IrisEngine, stream: number, { steps }: EvaluateRequest): Promise<Evaluated> {
  const read = steps.map((step) => readStep(step));
  const good = read.filter((step) => 'candidates' in step);
  const evaluation = await engine.evaluate(stream, good);
  let next = 0;
  return {
    startedMicroseconds: evaluation.startedMicroseconds,
    finishedMicroseconds: evaluation.finishedMicroseconds,
    answers: read.map((step, index) => {
      const { searchId } = steps[index];
      const answer = 'candidates' in step ? evaluation.answers[next++] : step;
      if (answer.outcome === StepOutcome.Invalid) engine.closeSearch(stream, searchId);
      return writeAnswer(searchId, answer);
    }),
  };
}

function readStep(step: WireStep): SearchStep | StepAnswer {
  try {
    if (step.candidates.byteLength > MAXIMUM_CANDIDATES_A_STEP * 8) {
      throw new InvalidInputError(
        'candidates',
        `more than ${MAXIMUM_CANDIDATES_A_STEP} in one step: send several`,
      );
    }
    return {
      searchId: step.searchId,
      open: step.open === undefined ? null : readOpenSearch(step.open, 'open'),
      candidates: step.candidates,
      close: step.close,
      withDistances: step.withDistances,
      deadlineMicroseconds: step.deadlineMicroseconds,
    };
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    return invalid(error.message);
  }
}

function invalid(detail: string): StepAnswer {
  const nothing = new Uint8Array();
  return {
    outcome: StepOutcome.Invalid,
    entered: nothing,
    matchCount: 0,
    neighbourhoodSize: 0,
    stale: 0,
    distances: nothing,
    detail,
  };
}
