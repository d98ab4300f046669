/** Unary gRPC calls as promises. */
import { Metadata, type CallOptions, type ClientUnaryCall, type ServiceError } from '@grpc/grpc-js';

/** A method of a generated client, bound to it. */
export type UnaryMethod<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, response: Response) => void,
) => ClientUnaryCall;

/**
 * Calls with a deadline. Rejects with the ServiceError that the call ended with.
 * @param signal cancels the call
 */
export function callUnary<Request, Response>(
  method: UnaryMethod<Request, Response>,
  request: Request,
  milliseconds: number,
  signal?: AbortSignal,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const call = method(request, new Metadata(), deadlineIn(milliseconds), (error, response) => {
      signal?.removeEventListener('abort', cancel);
      if (error === null) resolve(response);
      else reject(error);
    });
    const cancel = () => {
      call.cancel();
    };
    signal?.addEventListener('abort', cancel);
  });
}

/** The call option for a deadline from now on. */
export function deadlineIn(milliseconds: number): Partial<CallOptions> {
  return { deadline: Date.now() + milliseconds };
}
