/**
 * The bulk stream: many requests in flight, answers as they come, matched by request id.
 *
 * Backpressure: while too many requests are unanswered, or the client does not read, no further request is read.
 */
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { InvalidInputError } from '@irispair/common/errors/errors';
import { retryMillisecondsOf } from '@irispair/common/grpc/error-details';
import { toStatus } from '@irispair/common/grpc/status';
import type { ProcessRequest, ProcessResponse } from '@irispair/proto/public';
import type { Tracing } from '@irispair/common/traces/tracing';
import type { Patience } from '../batch/request.js';
import type { PublicCalls } from './calls.js';
import { beginRequest } from './request-trace.js';
import { checkRequestId } from './validation.js';

/** Unanswered requests at which reading stops. */
const MOST_UNANSWERED = 64;

type BulkStream = ServerDuplexStream<ProcessRequest, ProcessResponse>;

/**
 * Serves one bulk stream.
 * @param tracing undefined when nothing is traced
 */
export function serveProcess(
  call: BulkStream,
  calls: PublicCalls,
  patience: Patience,
  tracing?: Tracing,
): void {
  const unanswered = new Set<string>();
  let inWork = 0;
  let ended = false;
  let blocked = false;

  function readOrPause(): void {
    if (inWork >= MOST_UNANSWERED || blocked) call.pause();
    else call.resume();
  }

  function send(response: ProcessResponse): void {
    if (call.cancelled) return;
    if (!call.write(response)) blocked = true;
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

  call.on('data', (request: ProcessRequest) => {
    inWork += 1;
    readOrPause();
    void serve(request).finally(() => {
      inWork -= 1;
      readOrPause();
      if (ended && inWork === 0) call.end();
    });
  });
  call.on('drain', () => {
    blocked = false;
    readOrPause();
  });
  call.on('end', () => {
    ended = true;
    if (inWork === 0) call.end();
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
