/** The public API as promises. */
import { status } from '@grpc/grpc-js';
import { messageOf } from '@irispair/common/errors/message';
import { channelTo } from '@irispair/common/grpc/channel';
import { callUnary } from '@irispair/common/grpc/unary-call';
import * as api from '@irispair/proto/public';
import type { PublicClient } from './public-client.js';

const CALL_MILLISECONDS = 30_000;

/** A connection to a graph service. */
export class PairClient implements PublicClient {
  private readonly client: api.IrisPairClient;
  private readonly admin: api.IrisPairAdminClient;

  /**
   * @param address HOST:PORT
   * @param callMilliseconds when a call with one answer is given up
   */
  constructor(
    readonly address: string,
    private readonly callMilliseconds = CALL_MILLISECONDS,
  ) {
    // Nobody publishes one in DNS, and where no server answers for it the process would wait for that at its end.
    const channel = channelTo(address, {
      'grpc.service_config_disable_resolution': 1,
      // A service that starts again is found within a second, not within two minutes.
      'grpc.max_reconnect_backoff_ms': 1_000,
    });
    this.client = new api.IrisPairClient(...channel);
    this.admin = new api.IrisPairAdminClient(...channel);
  }

  async isReady(): Promise<boolean> {
    return (await this.status()).ready;
  }

  status(): Promise<api.StatusResponse> {
    return callUnary(this.client.status.bind(this.client), {}, this.callMilliseconds);
  }

  placement(): Promise<api.PlacementResponse> {
    return callUnary(this.client.placement.bind(this.client), {}, this.callMilliseconds);
  }

  enroll(request: api.EnrollRequest): Promise<api.EnrollResponse> {
    return callUnary(this.client.enroll.bind(this.client), request, this.callMilliseconds);
  }

  verify(request: api.VerifyRequest): Promise<api.VerifyResponse> {
    return callUnary(this.client.verify.bind(this.client), request, this.callMilliseconds);
  }

  reauthenticate(request: api.ReauthenticateRequest): Promise<api.ReauthenticateResponse> {
    return callUnary(this.client.reauthenticate.bind(this.client), request, this.callMilliseconds);
  }

  search(request: api.SearchRequest): Promise<api.SearchResponse> {
    return callUnary(this.client.search.bind(this.client), request, this.callMilliseconds);
  }

  /** @param requestId what the parties call it in secret-shared mode */
  delete(serialId: number, requestId?: string): Promise<api.DeleteResponse> {
    return callUnary(this.client.delete.bind(this.client), { serialId, requestId }, this.callMilliseconds);
  }

  getIris(serialId: number): Promise<api.GetIrisResponse> {
    return callUnary(this.client.getIris.bind(this.client), { serialId }, this.callMilliseconds);
  }

  /**
   * Sends requests as fast as the service reads them.
   * @param answered gets each answer as it comes
   * @param signal gives up what is not answered yet
   */
  async process(
    requests: Iterable<api.ProcessRequest> | AsyncIterable<api.ProcessRequest>,
    answered: (response: api.ProcessResponse) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    const stream = this.client.process();
    signal?.addEventListener('abort', () => {
      stream.cancel();
    });
    const ended = new Promise<void>((resolve, reject) => {
      stream.on('data', (response: api.ProcessResponse) => {
        try {
          answered(response);
        } catch (error) {
          stream.cancel();
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
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

  /**
   * Measures recall.
   * @param probes captures to search for, when the plan asks for no samples
   * @param gotOn told how far it is
   */
  async measureRecall(
    plan: api.RecallPlan,
    probes: Iterable<api.Iris> | AsyncIterable<api.Iris>,
    gotOn: (progress: api.RecallProgress) => void,
  ): Promise<api.RecallResult> {
    const stream = this.admin.measureRecall();
    const ended = new Promise<api.RecallResult>((resolve, reject) => {
      let result: api.RecallResult | undefined;
      stream.on('data', ({ news }: api.MeasureRecallResponse) => {
        if (news?.$case === 'progress') gotOn(news.value);
        if (news?.$case === 'result') result = news.value;
      });
      stream.on('end', () => {
        if (result !== undefined) resolve(result);
      });
      stream.on('error', reject);
    });
    const sent = (async () => {
      stream.write({ part: { $case: 'plan', value: plan } });
      for await (const value of probes) {
        if (!stream.write({ part: { $case: 'probe', value } }))
          await new Promise((resolve) => stream.once('drain', resolve));
      }
      stream.end();
    })();
    try {
      return await Promise.race([ended, sent.then(() => ended)]);
    } catch (error) {
      stream.cancel();
      throw error;
    }
  }

  close(): void {
    this.client.close();
    this.admin.close();
  }
}

/** Whether a call failed before it left this process, since there is no connection. */
export function isNotConnected(error: unknown): boolean {
  return isUnavailable(error) && /^(No connection established|Name resolution failed)/.test(detailsOf(error));
}

/** What a failed call says of itself, without the code. */
export function detailsOf(error: unknown): string {
  if (error instanceof Error && 'details' in error && typeof error.details === 'string') return error.details;
  return messageOf(error);
}

/** Whether a call failed because no service serves. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === status.UNAVAILABLE;
}
