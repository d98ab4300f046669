/** The public API as callers use it who are traced themselves. */
import { randomBytes } from 'node:crypto';
import { credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { irisMessage } from '@irispair/common/iris/message';
import type { Iris } from '@irispair/common/iris/template';
import * as api from '@irispair/proto/public';

/** A caller's own span. */
export interface CallerSpan {
  readonly traceId: string;
  readonly spanId: string;
}

/** What a call was answered with. */
export interface TracedAnswer<Response> {
  readonly caller: CallerSpan;
  readonly response: Response | undefined;
  readonly error: ServiceError | undefined;
  /** What the service's metadata say. */
  readonly traceparent: string;
  readonly tracestate: string;
}

type UnaryCall<Request, Response> = (
  request: Request,
  metadata: Metadata,
  callback: (error: ServiceError | null, response: Response) => void,
) => { on(event: 'metadata', listener: (metadata: Metadata) => void): unknown };

/** A connection whose calls carry trace contexts. */
export class TracedClient {
  readonly client: api.IrisPairClient;

  constructor(address: string) {
    this.client = new api.IrisPairClient(address, credentials.createInsecure());
  }

  search(iris: Iris, headers?: Readonly<Record<string, string>>): Promise<TracedAnswer<api.SearchResponse>> {
    return this.call(this.client.search.bind(this.client), { iris: irisMessage(iris), orList: [] }, headers);
  }

  enroll(iris: Iris): Promise<TracedAnswer<api.EnrollResponse>> {
    return this.call(this.client.enroll.bind(this.client), { iris: irisMessage(iris), orList: [] });
  }

  verify(serialId: number, iris: Iris): Promise<TracedAnswer<api.VerifyResponse>> {
    return this.call(this.client.verify.bind(this.client), { serialId, iris: irisMessage(iris) });
  }

  close(): void {
    this.client.close();
  }

  /** @param headers instead of a sampled context of a caller of its own */
  private call<Request, Response>(
    method: UnaryCall<Request, Response>,
    request: Request,
    headers?: Readonly<Record<string, string>>,
  ): Promise<TracedAnswer<Response>> {
    const caller = newCaller();
    const metadata = new Metadata();
    const sent = headers ?? { traceparent: `00-${caller.traceId}-${caller.spanId}-01` };
    for (const [name, value] of Object.entries(sent)) metadata.set(name, value);
    return new Promise((resolve) => {
      let told = new Metadata();
      const call = method(request, metadata, (error, response) => {
        resolve({
          caller,
          response: error === null ? response : undefined,
          error: error ?? undefined,
          traceparent: String(told.get('traceparent').at(0) ?? ''),
          tracestate: String(told.get('tracestate').at(0) ?? ''),
        });
      });
      call.on('metadata', (received) => {
        told = received;
      });
    });
  }
}

/** A span that nobody has had before. */
export function newCaller(): CallerSpan {
  return { traceId: randomBytes(16).toString('hex'), spanId: randomBytes(8).toString('hex') };
}
