/** Plain mode: the engine of this service compares alone, and may tell distances. */
import { EventEmitter } from 'node:events';
import { InvalidInputError } from '@irispair/common/errors/errors';
import type { Columns } from '@irispair/common/iris/shape';
import { decodeRecord } from '@irispair/native/records';
import {
  StepOutcome,
  type IrisEngine,
  type ScanResult,
  type SearchStep,
  type StepAnswer,
} from '@irispair/native/engine-types';
import {
  ScanManner,
  type EvaluateRequest,
  type ScanRequest,
  type SearchStep as WireStep,
} from '@irispair/proto/compute';
import { readOpenSearch, writeAnswer } from '../hop/wire.js';
import { recaptureOf } from '../recall/recapture.js';
import type { IrisColumns } from '../store/record-form.js';
import type {
  ComparedQueries,
  Comparing,
  ComparingInTheClear,
  Evaluated,
  QueryComparison,
} from './comparing.js';
import { notEvaluated, readStep } from './step.js';

/** Compares with irises in the clear. */
export class PlainComparing implements Comparing, ComparingInTheClear {
  readonly mostQueries = 65_536;
  /** It waits for nobody. */
  readonly away = undefined;

  readonly events: Comparing['events'] = new EventEmitter();

  /** @param columns of every code */
  constructor(
    private readonly engine: IrisEngine,
    private readonly columns: Columns,
  ) {
    // One listener for each session, however many there are.
    this.events.setMaxListeners(0);
  }

  async evaluate(stream: number, { steps }: EvaluateRequest): Promise<Evaluated> {
    const read = steps.map(readOrRefuse);
    const good = read.filter((step) => 'candidates' in step);
    const evaluation = await this.engine.evaluate(stream, good);
    let next = 0;
    return {
      startedMicroseconds: evaluation.startedMicroseconds,
      finishedMicroseconds: evaluation.finishedMicroseconds,
      answers: read.map((step, index) => {
        const { searchId } = steps[index];
        const answer = 'candidates' in step ? evaluation.answers[next++] : step;
        if (answer.outcome === StepOutcome.Invalid) this.engine.closeSearch(stream, searchId);
        return writeAnswer(searchId, answer);
      }),
      attributes: [],
    };
  }

  closeStream(stream: number): void {
    this.engine.closeStream(stream);
  }

  async compareQueries({ queries, window }: QueryComparison): Promise<ComparedQueries> {
    return { matchBits: await this.engine.compareQueries(queries, window), attributes: {} };
  }

  inTheClear(): ComparingInTheClear {
    return this;
  }

  scan({ searches, withDistances, manner }: ScanRequest, token: number): Promise<ScanResult[]> {
    const read = searches.map((search, index) => readOpenSearch(search, `searches[${index}]`));
    return manner === ScanManner.IDLE
      ? this.engine.scanWhenIdle(read, token)
      : this.engine.scan(read, withDistances, token);
  }

  cancelScan(token: number): void {
    this.engine.cancelScan(token);
  }

  async recapture(record: Uint8Array): Promise<IrisColumns> {
    const { left, right } = await recaptureOf(decodeRecord(record, this.columns), this.columns);
    return [left.irisCodes, left.maskCodes, right.irisCodes, right.maskCodes];
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function readOrRefuse(step: WireStep): SearchStep | StepAnswer {
  try {
    return readStep(step);
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    return notEvaluated(StepOutcome.Invalid, error.message);
  }
}
