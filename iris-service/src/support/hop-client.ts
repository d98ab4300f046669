/** A client of the hop, as tests need it: against a real iris service. */
import { once } from 'node:events';
import {
  credentials,
  status,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ServiceError,
  type StatusObject,
} from '@grpc/grpc-js';
import { HOP_CHANNEL_OPTIONS } from '@irispair/common/grpc/limits';
import { socketTarget } from '@irispair/common/grpc/local-socket';
import { irisMessage } from '@irispair/common/iris/message';
import type { Iris } from '@irispair/common/iris/template';
import { matchLimit } from '@irispair/common/matching/threshold';
import * as wire from '@irispair/proto/compute';

/** A session with its first answer. */
export interface Joined {
  readonly call: ClientReadableStream<wire.SessionResponse>;
  readonly first: wire.SessionResponse;
}

/** Speaks with one iris service as a graph service does. */
export class HopClient {
  client: wire.IrisComputeClient;
  private readonly sessions: ClientReadableStream<wire.SessionResponse>[] = [];

  constructor(socket: string) {
    this.client = connect(socket);
  }

  /** To a service that was started again. */
  reconnect(socket: string): void {
    this.disconnect();
    this.client = connect(socket);
  }

  disconnect(): void {
    for (const session of this.sessions.splice(0)) session.cancel();
    this.client.close();
  }

  async join(): Promise<Joined> {
    const call = this.client.session({ client: 'test' });
    const [first] = (await once(call, 'data')) as [wire.SessionResponse];
    // It ends when the test cancels it or the service stops.
    call.on('error', () => undefined);
    this.sessions.push(call);
    return { call, first };
  }

  openHop(): HopUnderTest {
    return new HopUnderTest(this.client);
  }

  prepare(sessionId: number, irises: readonly Iris[]): Promise<number[]> {
    return this.prepareProbes(sessionId, irises.map(irisMessage));
  }

  async prepareProbes(sessionId: number, probes: wire.Probe[]): Promise<number[]> {
    const { queryHandles } = await unary<wire.PrepareQueryResponse>((callback) =>
      this.client.prepareQuery({ sessionId, probes }, callback),
    );
    return queryHandles;
  }

  /** Over 11 rotations. @param run what the three parties call it, in secret-shared mode */
  compare(queryHandles: number[], run?: Buffer): Promise<wire.CompareQueriesResponse> {
    const window = { baseRotation: 0, rotationReach: 5, matchLimit: matchLimit(0.375) };
    return unary((callback) => this.client.compareQueries({ queryHandles, ...window, run }, callback));
  }

  release(queryHandles: number[]): Promise<wire.ReleaseQueryResponse> {
    return unary((callback) => this.client.releaseQuery({ queryHandles }, callback));
  }

  commit(changes: readonly wire.Change['kind'][]): Promise<wire.CommitResponse> {
    return unary((callback) =>
      this.client.commit({ changes: changes.map((kind) => ({ kind })), trace: undefined }, callback),
    );
  }

  takeJournal(sessionId: number): Promise<wire.TakeJournalResponse> {
    return unary((callback) => this.client.takeJournal({ sessionId }, callback));
  }

  prepareChanges(
    sessionId: number,
    batch: Buffer,
    changes: readonly wire.Change['kind'][],
  ): Promise<wire.PrepareChangesResponse> {
    const request = { sessionId, batch, changes: changes.map((kind) => ({ kind })), trace: undefined };
    return unary((callback) => this.client.prepareChanges(request, callback));
  }

  commitPrepared(sessionId: number, batch: Buffer): Promise<wire.CommitPreparedResponse> {
    return unary((callback) => this.client.commitPrepared({ sessionId, batch, trace: undefined }, callback));
  }

  dropPrepared(sessionId: number, batch: Buffer): Promise<wire.DropPreparedResponse> {
    return unary((callback) => this.client.dropPrepared({ sessionId, batch }, callback));
  }

  fetch(serialId: number): Promise<wire.FetchResponse> {
    return unary((callback) => this.client.fetch({ serialId }, callback));
  }

  placement(): Promise<wire.PlacementResponse> {
    return unary((callback) => this.client.placement({ countPages: false }, callback));
  }

  /** Every message of the registry. */
  async registry(fromSerialId = 0): Promise<wire.RegistryResponse[]> {
    return collect(this.client.registry({ fromSerialId }));
  }

  scan(searches: wire.OpenSearch[], manner = wire.ScanManner.AWAITED): Promise<wire.ScanResponse[]> {
    return collect(this.client.scan({ searches, withDistances: false, trace: undefined, manner }));
  }

  async recaptures(sessionId: number, serialIds: number[]): Promise<number[]> {
    const { queryHandles } = await unary<wire.PrepareRecapturesResponse>((callback) =>
      this.client.prepareRecaptures({ sessionId, serialIds }, callback),
    );
    return queryHandles;
  }
}

interface Waiting {
  readonly resolve: (response: wire.EvaluateResponse) => void;
  readonly reject: (error: Error) => void;
}

/** An open stream of the hop. */
export class HopUnderTest {
  /** How it ended. */
  readonly ended: Promise<StatusObject>;
  private readonly call: ClientDuplexStream<wire.EvaluateRequest, wire.EvaluateResponse>;
  private readonly waiting = new Map<number, Waiting>();
  private last = 0;

  constructor(client: wire.IrisComputeClient) {
    this.call = client.evaluate();
    this.call.on('data', (response: wire.EvaluateResponse) => {
      this.waiting.get(response.requestId)?.resolve(response);
    });
    this.ended = new Promise((resolve) => this.call.once('status', resolve));
    this.call.once('status', ({ code, details }: StatusObject) => {
      for (const { reject } of this.waiting.values()) reject(new Error(`${status[code]}: ${details}`));
    });
    // Told by its status.
    this.call.on('error', () => undefined);
  }

  /** Sends one message; resolves to its answers, rejects when the stream ends before. */
  async evaluate(...steps: wire.SearchStep[]): Promise<wire.StepAnswer[]> {
    return (await this.send(steps)).answers;
  }

  send(steps: wire.SearchStep[], more: Partial<wire.EvaluateRequest> = {}): Promise<wire.EvaluateResponse> {
    this.last += 1;
    const requestId = this.last;
    return new Promise((resolve, reject) => {
      this.waiting.set(requestId, { resolve, reject });
      this.call.write({ requestId, trace: undefined, sentMicroseconds: 0, steps, ...more });
    });
  }

  end(): void {
    this.call.end();
  }

  cancel(): void {
    this.call.cancel();
  }
}

function connect(socket: string): wire.IrisComputeClient {
  return new wire.IrisComputeClient(socketTarget(socket), credentials.createInsecure(), HOP_CHANNEL_OPTIONS);
}

type Callback<Response> = (error: ServiceError | null, response: Response) => void;

function unary<Response>(call: (callback: Callback<Response>) => unknown): Promise<Response> {
  return new Promise((resolve, reject) => {
    call((error, response) => {
      if (error === null) resolve(response);
      else reject(error);
    });
  });
}

async function collect<Response>(call: ClientReadableStream<Response>): Promise<Response[]> {
  const responses: Response[] = [];
  for await (const response of call) responses.push(response as Response);
  return responses;
}
