/**
 * The hop itself: messages in, steps to what compares, answers out as they finish.
 *
 * A stream owns its searches and may have a bounded number of messages unanswered.
 */
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { monotonicMicroseconds } from '@irispair/common/clock/monotonic';
import { ExhaustedError } from '@irispair/common/errors/errors';
import { toStatus } from '@irispair/common/grpc/status';
import type { Logger } from '@irispair/common/log/logger';
import type { EvaluateRequest, EvaluateResponse } from '@irispair/proto/compute';
import type { Comparing } from '../comparing/comparing.js';
import type { HopTraces } from '../traces/hop-traces.js';

/** Unanswered messages allowed on one stream. */
export const MAXIMUM_REQUESTS_IN_FLIGHT = 64;

type HopStream = ServerDuplexStream<EvaluateRequest, EvaluateResponse>;

/**
 * Serves one stream until it ends.
 * @param traces undefined when nothing is traced
 */
export function serveEvaluate(
  call: HopStream,
  stream: number,
  comparing: Comparing,
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
    const { attributes, ...evaluated } = await comparing.evaluate(stream, request);
    const response = { ...evaluated, requestId: request.requestId, receivedMicroseconds: received };
    // What this service shows has to lie within what the other one shows.
    const ended = request.trace === undefined ? 0 : monotonicMicroseconds();
    call.write(response);
    if (request.trace !== undefined) traces?.show(request, response, attributes, ended);
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
    comparing.closeStream(stream);
  });
}
