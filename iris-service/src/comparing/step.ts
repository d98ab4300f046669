/** Steps of the hop to the engine's terms, and the answer to one that cannot be read. */
import { InvalidInputError } from '@irispair/common/errors/errors';
import type { SearchStep, StepAnswer, StepOutcome } from '@irispair/native/engine-types';
import type { SearchStep as WireStep } from '@irispair/proto/compute';
import { readOpenSearch } from '../hop/wire.js';
import { MAXIMUM_CANDIDATES_A_STEP } from './comparing.js';

/** Reads a step. @throws InvalidInputError naming the field */
export function readStep(step: WireStep): SearchStep {
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
}

/** The answer to a step that was not evaluated. @param detail why, for humans */
export function notEvaluated(outcome: Exclude<StepOutcome, StepOutcome.Ok>, detail: string): StepAnswer {
  const nothing = new Uint8Array();
  return {
    outcome,
    entered: nothing,
    matchCount: 0,
    neighbourhoodSize: 0,
    stale: 0,
    distances: nothing,
    detail,
  };
}
