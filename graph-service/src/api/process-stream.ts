/**
 * The bulk stream: many requests in flight, answers as they come, matched by request id.
 *
 * Backpressure: while too many requests are unanswered, or the client does not read, no further request is read.
 * While the calls of all clients hold much memory, a stream has one request in work at a time.
 */
import type { CallMemory } from '@irispair/common/grpc/call-memory';
import { InvalidInputError, UnavailableError } from '@irispair/common/errors/errors';
import { retryMillisecondsOf } from '@irispair/common/grpc/error-details';
import { toStatus } from '@irispair/common/grpc/status';
import { ProcessResponse, type ProcessRequest } from '@irispair/proto/public';
import type { Tracing } from '@irispair/common/traces/tracing';
import type { Patience } from '../batch/request.js';
import type { BulkStream, SizedRequest } from './bulk-method.js';
import type { PublicCalls } from './calls.js';
import { beginRequest } from './request-trace.js';
import { checkRequestId } from './validation.js';

/** Requests at which reading stops that have no answer, or one that the client has not taken. */
const MOST_UNANSWERED = 64;
/** What a request in work costs beside its own bytes: its calls of the iris service, and the answer to come. */
const IN_WORK_BYTES = 16 << 10;

const STOPPED =
  'the graph service is stopping: nothing was done for requests that have no answer, send them again when it is back';

/**
 * Serves one bulk stream.
 * @param memory counts requests until they are answered, and answers until the client has taken them
 * @param tracing undefined when nothing is traced
 * @param stops aborted when the service stops: no more is read, what is in work is answered, and the stream ends
 */
export function serveProcess(
  call: BulkStream,
  calls: PublicCalls,
  patience: Patience,
  memory: CallMemory,
  tracing?: Tracing,
  stops: AbortSignal = new AbortController().signal,
): void {
  const unanswered = new Set<string>();
  const holding = memory.open();
  let inWork = 0;
  let untaken = 0;
  let ended = false;
  let blocked = false;

  function readOrPause(): void {
    const open = inWork + untaken;
    const most = memory.isStrained ? 1 : MOST_UNANSWERED;
    if (open >= most || blocked || stops.aborted) call.pause();
    else call.resume();
  }

  function endIfDone(): void {
    if (inWork > 0) return;
    if (ended) call.end();
    else if (stops.aborted) call.emit('error', toStatus(new UnavailableError(STOPPED)));
  }

  function send(response: ProcessResponse): void {
    if (call.cancelled) return;
    const answer = Buffer.from(ProcessResponse.encode(response).finish());
    untaken += 1;
    holding.change(answer.byteLength);
    const taken = () => {
      untaken -= 1;
      holding.change(-answer.byteLength);
      readOrPause();
    };
    if (!call.write(answer, taken)) blocked = true;
  }

  async function serve(request: ProcessRequest): Promise<void> {
    const { requestId } = request;
    // The stream may live for hours: each of its requests is traced by itself, below the caller's span.
    const traced = beginRequest(tracing, methodOf(request), call.metadata);
    try {
      checkRequestId(requestId);
      checkUnused(requestId, unanswered);
      unanswered.add(requestId);
      try {
        const response = await answer(request, calls, { ...patience, requestId, trace: traced?.span });
        traced?.answered();
        send({ requestId, response });
      } finally {
        unanswered.delete(requestId);
      }
    } catch (error) {
      const status = toStatus(error);
      const { code, details } = status;
      traced?.failed(status);
      const retryMilliseconds = retryMillisecondsOf(status);
      send({ requestId, response: { $case: 'error', value: { code, message: details, retryMilliseconds } } });
    }
  }

  call.on('data', ({ request, bytes }: SizedRequest) => {
    const held = bytes + IN_WORK_BYTES;
    inWork += 1;
    holding.change(held);
    readOrPause();
    void serve(request).finally(() => {
      inWork -= 1;
      holding.change(-held);
      readOrPause();
      endIfDone();
    });
  });
  call.on('drain', () => {
    blocked = false;
    readOrPause();
  });
  call.on('end', () => {
    ended = true;
    endIfDone();
  });
  const stop = () => {
    call.pause();
    endIfDone();
  };
  if (stops.aborted) stop();
  else stops.addEventListener('abort', stop);
  call.on('close', () => {
    stops.removeEventListener('abort', stop);
    holding.close();
  });
}

/** As the unary call is named. */
function methodOf({ request }: ProcessRequest): string {
  return request === undefined ? 'Process' : `${request.$case[0].toUpperCase()}${request.$case.slice(1)}`;
}

function checkUnused(requestId: string, unanswered: ReadonlySet<string>): void {
  if (unanswered.has(requestId)) {
    throw new InvalidInputError(
      'request_id',
      `${requestId} is in work already: choose another until it is answered`,
    );
  }
}

async function answer(
  { request }: ProcessRequest,
  calls: PublicCalls,
  patience: Patience,
): Promise<NonNullable<ProcessResponse['response']>> {
  switch (request?.$case) {
    case 'enroll':
      return { $case: 'enroll', value: await calls.enroll(request.value, patience) };
    case 'search':
      return { $case: 'search', value: await calls.search(request.value, patience) };
    case 'verify':
      return { $case: 'verify', value: await calls.verify(request.value, patience) };
    case 'reauthenticate':
      return { $case: 'reauthenticate', value: await calls.reauthenticate(request.value, patience) };
    case 'delete':
      return { $case: 'delete', value: await calls.delete(request.value, patience) };
    case 'getIris':
      return { $case: 'getIris', value: await calls.getIris(request.value, patience) };
    case undefined:
      throw new InvalidInputError(
        'request',
        'missing: set one of enroll, search, verify, reauthenticate, delete, get_iris',
      );
  }
}
