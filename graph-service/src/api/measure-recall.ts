/** The call MeasureRecall: a plan and perhaps captures in, progress and a result out. */
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { CancelledError, InvalidInputError } from '@irispair/common/errors/errors';
import type { Iris, TemplateTerms } from '@irispair/common/iris/template';
import * as api from '@irispair/proto/public';
import type { MeasuredRecall, RecallMeasurement } from '../recall/measurement.js';
import type { Advice, MeasuredEf } from '../recall/suggest.js';
import { checkIris } from './validation.js';

const MOST_CAPTURES = 10_000;

/** What the caller sends, one after the other. */
type Requests = Pick<AsyncIterator<api.MeasureRecallRequest>, 'next'>;

type RecallStream = ServerDuplexStream<api.MeasureRecallRequest, api.MeasureRecallResponse>;

/** What the call works on. */
export interface MeasureRecallParts {
  readonly measurement: RecallMeasurement;
  /** What captures must be. */
  readonly accepted: () => TemplateTerms;
  readonly usesWalks: () => boolean;
  readonly nodes: () => Pick<api.GraphParameters, 'nodes' | 'entryPoints' | 'upperLayers'>;
  /** @throws UnavailableError while the iris service is away or not caught up with */
  readonly checkReady: () => void;
}

/** Serves one call until its result is told. @throws whatever the call is to end with */
export async function measureRecall(
  call: RecallStream,
  parts: MeasureRecallParts,
  signal: AbortSignal,
): Promise<void> {
  const gone = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(new CancelledError('the caller went away'));
    });
  });
  // While nobody waits for the caller, nobody minds either.
  gone.catch(() => undefined);
  // The result is written after the last request was read.
  const read = call.iterator({ destroyOnReturn: false }) as AsyncIterator<api.MeasureRecallRequest>;
  const requests = { next: () => Promise.race([read.next(), gone]) };
  try {
    await measureFor(call, requests, parts, signal);
  } catch (error) {
    throw signal.aborted ? new CancelledError('the caller went away') : error;
  }
}

async function measureFor(
  call: RecallStream,
  requests: Requests,
  parts: MeasureRecallParts,
  signal: AbortSignal,
): Promise<void> {
  const { samples, target } = await readPlan(requests);
  parts.checkReady();
  const captures = samples > 0 ? { samples } : { probes: readProbes(requests, parts.accepted()) };
  const run = parts.measurement.run(captures, target, signal);
  for (;;) {
    const step = await run.next();
    if (step.done === true) {
      call.write({ news: { $case: 'result', value: writeResult(step.value, parts) } });
      return;
    }
    call.write({ news: { $case: 'progress', value: step.value } });
  }
}

async function readPlan(requests: Requests): Promise<api.RecallPlan> {
  const first = await requests.next();
  const part = first.done === true ? undefined : first.value.part;
  if (part?.$case !== 'plan') throw new InvalidInputError('plan', 'missing: it is to be the first message');
  const { samples, target } = part.value;
  if (samples > MOST_CAPTURES) {
    throw new InvalidInputError('plan.samples', `${samples}, at most ${MOST_CAPTURES} are allowed`);
  }
  if (!(target > 0 && target < 1)) {
    throw new InvalidInputError('plan.target', `${target}: give a share above 0 and below 1, such as 0.995`);
  }
  return part.value;
}

async function* readProbes(requests: Requests, terms: TemplateTerms): AsyncGenerator<Iris> {
  for (let count = 0; ; count++) {
    const next = await requests.next();
    if (next.done === true) {
      if (count === 0)
        throw new InvalidInputError('probe', 'none came: send captures, or plan a number of samples');
      return;
    }
    const { part } = next.value;
    const field = `probe[${count}]`;
    if (part?.$case !== 'probe') throw new InvalidInputError(field, 'missing: only captures follow the plan');
    if (count === MOST_CAPTURES) throw new InvalidInputError(field, `at most ${MOST_CAPTURES} are allowed`);
    yield checkIris(part.value, terms, field);
  }
}

const ADVICE: Readonly<Record<Advice, api.RecallAdvice>> = {
  unknown: api.RecallAdvice.UNKNOWN,
  keep: api.RecallAdvice.KEEP,
  ef: api.RecallAdvice.EF,
  rebuild: api.RecallAdvice.REBUILD,
};

function writeResult(
  { measured, inUse, captures, withoutMatch, suggestion }: MeasuredRecall,
  { usesWalks, nodes }: MeasureRecallParts,
): api.RecallResult {
  const { advice, parameters } = suggestion;
  return {
    measured: measured.map(writeMeasured),
    graph: { neighbours: inUse.m, maximumNeighbours: inUse.mMax, ef: inUse.ef, ...nodes() },
    index: usesWalks() ? api.IndexMode.HNSW : api.IndexMode.EXACT,
    captures,
    withoutMatch,
    advice: ADVICE[advice],
    suggestedEf: parameters.ef,
    suggestedNeighbours: parameters.m,
    suggestedMaximumNeighbours: parameters.mMax,
  };
}

function writeMeasured({ ef, people, eyes, candidates }: MeasuredEf): api.RecallAtEf {
  return { ef, people, eyes, candidates };
}
