/** The public API as promises. */
import { credentials, status } from '@grpc/grpc-js';
import { callUnary } from '@irispair/common/grpc/unary-call';
import * as api from '@irispair/proto/public';

const CALL_MILLISECONDS = 30_000;

/** A connection to a graph service. */
export class PairClient {
  private readonly client: api.IrisPairClient;

  /** @param address HOST:PORT */
  constructor(readonly address: string) {
    this.client = new api.IrisPairClient(address, credentials.createInsecure(), {
      // Nobody publishes one in DNS, and where no server answers for it the process would wait for that at its end.
      'grpc.service_config_disable_resolution': 1,
    });
  }

  status(): Promise<api.StatusResponse> {
    return callUnary(this.client.status.bind(this.client), {}, CALL_MILLISECONDS);
  }

  placement(): Promise<api.PlacementResponse> {
    return callUnary(this.client.placement.bind(this.client), {}, CALL_MILLISECONDS);
  }

  verify(request: api.VerifyRequest): Promise<api.VerifyResponse> {
    return callUnary(this.client.verify.bind(this.client), request, CALL_MILLISECONDS);
  }

  search(request: api.SearchRequest): Promise<api.SearchResponse> {
    return callUnary(this.client.search.bind(this.client), request, CALL_MILLISECONDS);
  }

  delete(serialId: number): Promise<api.DeleteResponse> {
    return callUnary(this.client.delete.bind(this.client), { serialId }, CALL_MILLISECONDS);
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

/** Whether a call failed because nobody serves. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === status.UNAVAILABLE;
}
