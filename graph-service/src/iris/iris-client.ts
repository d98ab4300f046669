/** The iris service's calls beside the hop, as promises. Every call has a deadline. */
import { credentials, Metadata, status, type ClientReadableStream } from '@grpc/grpc-js';
import { monotonicMicroseconds } from '@irispair/common/clock/monotonic';
import {
  ConflictError,
  DeadlineExceededError,
  ExhaustedError,
  InvalidInputError,
  NotFoundError,
  RefusedChangeError,
  StoreAwayError,
  UnavailableError,
} from '@irispair/common/errors/errors';
import { HOP_CHANNEL_OPTIONS } from '@irispair/common/grpc/limits';
import { socketTarget } from '@irispair/common/grpc/local-socket';
import { socketTrouble } from '@irispair/common/grpc/socket-trouble';
import { isServiceError } from '@irispair/common/grpc/status';
import { callUnary, deadlineIn, type UnaryMethod } from '@irispair/common/grpc/unary-call';
import {
  serialId,
  unpackVectorIds,
  version,
  type SerialId,
  type VectorId,
} from '@irispair/common/ids/vector-id';
import { irisMessage } from '@irispair/common/iris/message';
import type { Iris } from '@irispair/common/iris/template';
import { batchNameBytes, readBatchNameIfAny, type BatchName } from '@irispair/common/parties/batch-name';
import * as wire from '@irispair/proto/compute';
import type { RegisteredIris } from './registered-iris.js';
import type { SearchResult } from '../walk/order.js';
import { inMessages } from './probe-messages.js';

const CALL_MILLISECONDS = 10_000;
const LONG_CALL_MILLISECONDS = 120_000;
/** A scan on idle time takes as long as others keep the workers busy. */
const IDLE_SCAN_MILLISECONDS = 600_000;
/** More matches of one search are not told: more than anybody has. */
const MOST_MATCHES = 65_535;
const REGISTRY_ENTRY_BYTES = 8;

/** What the iris service holds of the batches that three parties agreed on. */
export interface Journal {
  /** Applied last. */
  readonly applied: BatchName | undefined;
  readonly prepared: BatchName | undefined;
}

/** A client of the iris service. */
export class IrisClient {
  private readonly client: wire.IrisComputeClient;

  constructor(private readonly socket: string) {
    this.client = new wire.IrisComputeClient(
      socketTarget(socket),
      credentials.createInsecure(),
      HOP_CHANNEL_OPTIONS,
    );
  }

  /** Joins; the call lives until either side ends it. */
  session(): ClientReadableStream<wire.SessionResponse> {
    return this.client.session({ client: `graph service ${process.pid}` });
  }

  /** @param trace of the requests whose probes they are; undefined when none is traced */
  async prepare(
    sessionId: number,
    irises: readonly Iris[],
    trace: wire.TraceContext | undefined,
  ): Promise<number[]> {
    const prepared: number[] = [];
    try {
      for (const probes of inMessages(irises.map(irisMessage))) {
        const { queryHandles } = await this.call(this.client.prepareQuery.bind(this.client), {
          sessionId,
          probes,
          trace,
        });
        prepared.push(...queryHandles);
      }
    } catch (error) {
      if (prepared.length > 0) await this.release(prepared).catch(() => undefined);
      throw error;
    }
    return prepared;
  }

  /** New captures made up of people who are enrolled; 0 for one who is no longer. */
  async prepareRecaptures(sessionId: number, serialIds: readonly SerialId[]): Promise<number[]> {
    const { queryHandles } = await this.call(
      this.client.prepareRecaptures.bind(this.client),
      { sessionId, serialIds: [...serialIds] },
      LONG_CALL_MILLISECONDS,
    );
    return queryHandles;
  }

  async release(queryHandles: readonly number[]): Promise<void> {
    await this.call(this.client.releaseQuery.bind(this.client), { queryHandles: [...queryHandles] });
  }

  async compare(request: wire.CompareQueriesRequest): Promise<Buffer> {
    return (await this.call(this.client.compareQueries.bind(this.client), request)).matchBits;
  }

  /** @param trace of the requests that change something; undefined when none is traced */
  async commit(changes: readonly wire.Change[], trace: wire.TraceContext | undefined): Promise<VectorId[]> {
    const { vectorIds } = await this.call(
      this.client.commit.bind(this.client),
      { changes: [...changes], trace },
      LONG_CALL_MILLISECONDS,
    );
    return vectorIds.map(readId);
  }

  /** Secret-shared mode: what is held of agreed batches. From now on this session alone has a say in them. */
  async takeJournal(sessionId: number): Promise<Journal> {
    const { applied, prepared } = await this.call(this.client.takeJournal.bind(this.client), { sessionId });
    return {
      applied: readBatchNameIfAny(applied, 'applied'),
      prepared: readBatchNameIfAny(prepared, 'prepared'),
    };
  }

  /** Secret-shared mode: writes changes down, durably. @param trace as in {@link commit} */
  async prepareChanges(
    sessionId: number,
    batch: BatchName,
    changes: readonly wire.Change[],
    trace: wire.TraceContext | undefined,
  ): Promise<void> {
    await this.call(
      this.client.prepareChanges.bind(this.client),
      { sessionId, batch: batchNameBytes(batch), changes: [...changes], trace },
      LONG_CALL_MILLISECONDS,
    );
  }

  /** Secret-shared mode: applies what is prepared. @param trace as in {@link commit} */
  async commitPrepared(
    sessionId: number,
    batch: BatchName,
    trace: wire.TraceContext | undefined,
  ): Promise<VectorId[]> {
    const { vectorIds } = await this.call(
      this.client.commitPrepared.bind(this.client),
      { sessionId, batch: batchNameBytes(batch), trace },
      LONG_CALL_MILLISECONDS,
    );
    return vectorIds.map(readId);
  }

  /** Secret-shared mode: strikes what is prepared, unapplied. */
  async dropPrepared(sessionId: number, batch: BatchName): Promise<void> {
    await this.call(this.client.dropPrepared.bind(this.client), {
      sessionId,
      batch: batchNameBytes(batch),
    });
  }

  async fetch(serial: SerialId): Promise<{ id: VectorId; iris: wire.Probe }> {
    const { vectorId, iris } = await this.call(this.client.fetch.bind(this.client), { serialId: serial });
    if (vectorId === undefined || iris === undefined)
      throw new Error('the iris service answered Fetch with nothing');
    return { id: readId(vectorId), iris };
  }

  placement(countPages: boolean): Promise<wire.PlacementResponse> {
    return this.call(this.client.placement.bind(this.client), { countPages });
  }

  /** Every VectorId ever given. */
  async registry(): Promise<RegisteredIris[]> {
    const registered: RegisteredIris[] = [];
    const call = this.client.registry(
      { fromSerialId: 0 },
      new Metadata(),
      deadlineIn(LONG_CALL_MILLISECONDS),
    );
    await each(call, ({ entries }) => {
      for (let offset = 0; offset < entries.byteLength; offset += REGISTRY_ENTRY_BYTES) {
        registered.push({
          id: {
            serialId: serialId(entries.readUInt32LE(offset)),
            version: version(entries.readUInt16LE(offset + 4)),
          },
          deleted: (entries.readUInt16LE(offset + 6) & 1) === 1,
        });
      }
    });
    return registered;
  }

  /**
   * Exact results, in the order of the searches.
   * @param trace of the requests that search; undefined when none is traced
   */
  scan(searches: readonly wire.OpenSearch[], trace: wire.TraceContext | undefined): Promise<SearchResult[]> {
    return this.readScan(this.startScan(searches, wire.ScanManner.AWAITED, LONG_CALL_MILLISECONDS, trace));
  }

  /**
   * All that matches, found on time that the iris service has left.
   * @param searches at most 128; their `ef` does not matter
   * @param signal ends the scan
   */
  async scanWhenIdle(searches: readonly wire.OpenSearch[], signal: AbortSignal): Promise<SearchResult[]> {
    const all = searches.map((search) => ({ ...search, ef: MOST_MATCHES }));
    const call = this.startScan(all, wire.ScanManner.IDLE, IDLE_SCAN_MILLISECONDS, undefined);
    const cancel = () => {
      call.cancel();
    };
    signal.addEventListener('abort', cancel);
    if (signal.aborted) cancel();
    try {
      return await this.readScan(call);
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  private startScan(
    searches: readonly wire.OpenSearch[],
    manner: wire.ScanManner,
    milliseconds: number,
    trace: wire.TraceContext | undefined,
  ): ClientReadableStream<wire.ScanResponse> {
    const request = { searches: [...searches], withDistances: false, trace, manner };
    return this.client.scan(request, new Metadata(), deadlineIn(milliseconds));
  }

  private async readScan(call: ClientReadableStream<wire.ScanResponse>): Promise<SearchResult[]> {
    const results: SearchResult[] = [];
    const started = monotonicMicroseconds();
    await each(call, ({ searchIndex, nearest, matchCount, compared }) => {
      const finished = monotonicMicroseconds();
      results[searchIndex] = {
        neighbours: unpackVectorIds(nearest),
        matchCount,
        hops: 1,
        candidates: compared,
        times: { started, finished, onHop: finished - started },
      };
    });
    return results;
  }

  /** Why a session ended or did not begin: what keeps this process from the socket, else what the call ended with. */
  async reasonAway(error: unknown): Promise<string> {
    return (await socketTrouble(this.socket)) ?? readError(error).message;
  }

  close(): void {
    this.client.close();
  }

  private async call<Request, Response>(
    method: UnaryMethod<Request, Response>,
    request: Request,
    milliseconds = CALL_MILLISECONDS,
  ): Promise<Response> {
    try {
      return await callUnary(method, request, milliseconds);
    } catch (error) {
      throw readError(error);
    }
  }
}

async function each<Response>(
  call: ClientReadableStream<Response>,
  use: (response: Response) => void,
): Promise<void> {
  try {
    for await (const response of call) use(response as Response);
  } catch (error) {
    throw readError(error);
  }
}

function readId(id: wire.VectorId): VectorId {
  return { serialId: serialId(id.serialId), version: version(id.version) };
}

/** The iris service's refusal in the service's own errors. */
function readError(error: unknown): Error {
  if (!isServiceError(error)) return error instanceof Error ? error : new Error(String(error));
  const read = ERROR_OF.get(error.code);
  return read === undefined ? error : read(error.details);
}

const ERROR_OF: ReadonlyMap<status, (details: string) => Error> = new Map<status, (details: string) => Error>(
  [
    [status.UNAVAILABLE, (details) => new UnavailableError(`the iris service is away: ${details}`)],
    [status.CANCELLED, (details) => new UnavailableError(`the iris service is away: ${details}`)],
    [
      status.DEADLINE_EXCEEDED,
      (details) => new DeadlineExceededError(`the iris service did not answer in time: ${details}`),
    ],
    [status.ABORTED, (details) => new StoreAwayError(details)],
    [status.PERMISSION_DENIED, (details) => new RefusedChangeError(details)],
    [status.NOT_FOUND, (details) => new NotFoundError(details)],
    [status.RESOURCE_EXHAUSTED, (details) => new ExhaustedError(details)],
    [status.FAILED_PRECONDITION, (details) => new ConflictError(details)],
    [
      status.INVALID_ARGUMENT,
      (details) => {
        const [field, ...problem] = details.split(': ');
        return new InvalidInputError(field, problem.join(': '));
      },
    ],
  ],
);
