/** The public API as promises. */
import { credentials, Metadata, status, type CallOptions, type ServiceError } from '@grpc/grpc-js';
import * as api from '@irispair/proto/public';

const CALL_MILLISECONDS = 30_000;

type Unary<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, response: Response) => void,
) => unknown;

/** A connection to a graph service. */
export class PairClient {
  private readonly client: api.IrisPairClient;

  /** @param address HOST:PORT */
  constructor(readonly address: string) {
    this.client = new api.IrisPairClient(address, credentials.createInsecure());
  }

  status(countPages = false): Promise<api.StatusResponse> {
    return call(this.client.status.bind(this.client), { countPages });
  }

  verify(request: api.VerifyRequest): Promise<api.VerifyResponse> {
    return call(this.client.verify.bind(this.client), request);
  }

  search(request: api.SearchRequest): Promise<api.SearchResponse> {
    return call(this.client.search.bind(this.client), request);
  }

  delete(serialId: number): Promise<api.DeleteResponse> {
    return call(this.client.delete.bind(this.client), { serialId });
  }

  /**
   * Sends requests as fast as the service reads them.
   * @param answered told of each answer as it comes
   */
  async process(
    requests: Iterable<api.ProcessRequest> | AsyncIterable<api.ProcessRequest>,
    answered: (response: api.ProcessResponse) => void,
  ): Promise<void> {
    const stream = this.client.process();
    stream.on('data', answered);
    const ended = new Promise<void>((resolve, reject) => {
      stream.on('end', resolve);
      stream.on('error', reject);
    });
    const sent = (async () => {
      for await (const request of requests) {
        if (!stream.write(request)) await new Promise((resolve) => stream.once('drain', resolve));
      }
      stream.end();
    })();
    await Promise.race([ended, sent.then(() => ended)]);
  }

  close(): void {
    this.client.close();
  }
}

function call<Request, Response>(method: Unary<Request, Response>, request: Request): Promise<Response> {
  return new Promise((resolve, reject) => {
    method(request, new Metadata(), { deadline: Date.now() + CALL_MILLISECONDS }, (error, response) => {
      if (error === null) resolve(response);
      else reject(error);
    });
  });
}

/** Whether a call failed because nobody serves. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === status.UNAVAILABLE;
}
