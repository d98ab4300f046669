/** Unary gRPC calls as promises. */
import { Metadata, type CallOptions, type ServiceError } from '@grpc/grpc-js';

/** A method of a generated client, bound to it. */
export type UnaryMethod<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, response: Response) => void,
) => unknown;

/** Calls with a deadline. Rejects with the ServiceError that the call ended with. */
export function callUnary<Request, Response>(
  method: UnaryMethod<Request, Response>,
  request: Request,
  milliseconds: number,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    method(request, new Metadata(), deadlineIn(milliseconds), (error, response) => {
      if (error === null) resolve(response);
      else reject(error);
    });
  });
}

/** The call option for a deadline from now on. */
export function deadlineIn(milliseconds: number): Partial<CallOptions> {
  return { deadline: Date.now() + milliseconds };
}
