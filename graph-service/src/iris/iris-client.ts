/** The iris service's calls beside the hop, as promises. Every call has a deadline, and a place in the lane of its kind. */
import { Metadata, status, type ClientReadableStream } from '@grpc/grpc-js';
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
import type { IrisPoint } from '../store/graph-store.js';
import type { RegisteredIris } from './registered-iris.js';
import type { SearchResult } from '../walk/order.js';
import type { LanePatience } from './lane.js';
import { Lanes, type LaneName } from './lanes.js';
import { bytesOfProbes, inMessages } from './probe-messages.js';

const CALL_MILLISECONDS = 10_000;
/** Of what waits for a disk or a database, and of what many may ask for at once. */
const LONG_CALL_MILLISECONDS = 120_000;
/** A scan on idle time takes as long as others keep the workers busy. */
const IDLE_SCAN_MILLISECONDS = 600_000;
/** More matches of one search are not told: more than anybody has. */
const MOST_MATCHES = 65_535;
const REGISTRY_ENTRY_BYTES = 8;
/** An iris is at most one party's share of it: 4 x 38,400 bytes. */
const READ_BYTES = 160 << 10;
/** What a change or a search takes in a message, at most. */
const PART_BYTES = 64;
const SMALL_BYTES = 256;

/** What the iris service holds of the batches that three parties agreed on. */
export interface Journal {
  /** Applied last. */
  readonly applied: BatchName | undefined;
  readonly prepared: BatchName | undefined;
}

/** A call of a generated client. */
type Method<Request, Response> = (client: wire.IrisComputeClient) => UnaryMethod<Request, Response>;

/** A client of the iris service. */
export class IrisClient {
  readonly lanes: Lanes;
  private followed: { readonly storeId: string; commitCount: number } | undefined;

  constructor(private readonly socket: string) {
    this.lanes = new Lanes(socket);
  }

  /** Joins; the call lives until either side ends it. */
  session(): ClientReadableStream<wire.SessionResponse> {
    return this.lanes.heartbeat.session({ client: `graph service ${process.pid}` });
  }

  /** Fails all calls as unavailable and makes all connections anew: nothing passes on these. */
  reconnect(reason: string): void {
    this.lanes.reconnect(new UnavailableError(`the iris service is away: ${reason}`));
  }

  /** @param irises of a session that begins @returns the same, in which commits are counted from now on */
  follow(irises: IrisPoint): IrisPoint {
    this.followed = { ...irises };
    return this.followed;
  }

  /** The irises of the latest session, as far as known; undefined before the first. */
  get irises(): IrisPoint | undefined {
    return this.followed;
  }

  private count(commits: number): void {
    if (this.followed !== undefined && commits > this.followed.commitCount)
      this.followed.commitCount = commits;
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
        const { queryHandles } = await this.call(
          'uploads',
          (client) => client.prepareQuery.bind(client),
          { sessionId, probes, trace },
          { bytes: bytesOfProbes(probes) },
        );
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
      'uploads',
      (client) => client.prepareRecaptures.bind(client),
      { sessionId, serialIds: [...serialIds] },
      { milliseconds: LONG_CALL_MILLISECONDS, bytes: serialIds.length * PART_BYTES },
    );
    return queryHandles;
  }

  async release(queryHandles: readonly number[]): Promise<void> {
    await this.call(
      'uploads',
      (client) => client.releaseQuery.bind(client),
      { queryHandles: [...queryHandles] },
      { bytes: queryHandles.length * PART_BYTES },
    );
  }

  async compare(request: wire.CompareQueriesRequest): Promise<Buffer> {
    const compared = await this.call('uploads', (client) => client.compareQueries.bind(client), request);
    return compared.matchBits;
  }

  /** @param trace of the requests that change something; undefined when none is traced */
  async commit(changes: readonly wire.Change[], trace: wire.TraceContext | undefined): Promise<VectorId[]> {
    const { vectorIds, commitCount } = await this.call(
      'changes',
      (client) => client.commit.bind(client),
      { changes: [...changes], trace },
      { milliseconds: LONG_CALL_MILLISECONDS, bytes: changes.length * PART_BYTES },
    );
    this.count(commitCount);
    return vectorIds.map(readId);
  }

  /** Secret-shared mode: what is held of agreed batches. From now on this session alone has a say in them. */
  async takeJournal(sessionId: number): Promise<Journal> {
    const { applied, prepared } = await this.call('changes', (client) => client.takeJournal.bind(client), {
      sessionId,
    });
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
      'changes',
      (client) => client.prepareChanges.bind(client),
      { sessionId, batch: batchNameBytes(batch), changes: [...changes], trace },
      { milliseconds: LONG_CALL_MILLISECONDS, bytes: changes.length * PART_BYTES },
    );
  }

  /** Secret-shared mode: applies what is prepared. @param trace as in {@link commit} */
  async commitPrepared(
    sessionId: number,
    batch: BatchName,
    trace: wire.TraceContext | undefined,
  ): Promise<VectorId[]> {
    const { vectorIds, commitCount } = await this.call(
      'changes',
      (client) => client.commitPrepared.bind(client),
      { sessionId, batch: batchNameBytes(batch), trace },
      { milliseconds: LONG_CALL_MILLISECONDS },
    );
    this.count(commitCount);
    return vectorIds.map(readId);
  }

  /** Secret-shared mode: strikes what is prepared, unapplied. */
  async dropPrepared(sessionId: number, batch: BatchName): Promise<void> {
    await this.call('changes', (client) => client.dropPrepared.bind(client), {
      sessionId,
      batch: batchNameBytes(batch),
    });
  }

  /** @param patience of the caller, while others are read first */
  async fetch(serial: SerialId, patience: LanePatience): Promise<{ id: VectorId; iris: wire.Probe }> {
    const { vectorId, iris } = await this.call(
      'reads',
      (client) => client.fetch.bind(client),
      { serialId: serial },
      { milliseconds: LONG_CALL_MILLISECONDS, bytes: READ_BYTES, patience },
    );
    if (vectorId === undefined || iris === undefined)
      throw new Error('the iris service answered Fetch with nothing');
    return { id: readId(vectorId), iris };
  }

  placement(countPages: boolean): Promise<wire.PlacementResponse> {
    return this.call('reports', (client) => client.placement.bind(client), { countPages });
  }

  /** Every VectorId ever given. */
  async registry(): Promise<RegisteredIris[]> {
    const registered: RegisteredIris[] = [];
    await this.lanes.of('reports').run(SMALL_BYTES, (client, lost) => {
      const call = client.registry({ fromSerialId: 0 }, new Metadata(), deadlineIn(LONG_CALL_MILLISECONDS));
      return each(call, [lost], ({ entries, commitCount }) => {
        this.count(commitCount);
        for (let offset = 0; offset < entries.byteLength; offset += REGISTRY_ENTRY_BYTES)
          registered.push(readEntry(entries, offset));
      });
    });
    return registered;
  }

  /**
   * Exact results, in the order of the searches.
   * @param trace of the requests that search; undefined when none is traced
   */
  scan(searches: readonly wire.OpenSearch[], trace: wire.TraceContext | undefined): Promise<SearchResult[]> {
    const request = { searches: [...searches], withDistances: false, trace, manner: wire.ScanManner.AWAITED };
    return this.readScan(request, LONG_CALL_MILLISECONDS, []);
  }

  /**
   * All that matches, found on time that the iris service has left.
   * @param searches at most 128; their `ef` does not matter
   * @param signal ends the scan
   */
  scanWhenIdle(searches: readonly wire.OpenSearch[], signal: AbortSignal): Promise<SearchResult[]> {
    const request = {
      searches: searches.map((search) => ({ ...search, ef: MOST_MATCHES })),
      withDistances: false,
      trace: undefined,
      manner: wire.ScanManner.IDLE,
    };
    return this.readScan(request, IDLE_SCAN_MILLISECONDS, [signal]);
  }

  private async readScan(
    request: wire.ScanRequest,
    milliseconds: number,
    signals: readonly AbortSignal[],
  ): Promise<SearchResult[]> {
    const results: SearchResult[] = [];
    await this.lanes.of('scans').run(request.searches.length * PART_BYTES, (client, lost) => {
      const started = monotonicMicroseconds();
      const call = client.scan(request, new Metadata(), deadlineIn(milliseconds));
      return each(call, [lost, ...signals], ({ searchIndex, nearest, matchCount, compared }) => {
        const finished = monotonicMicroseconds();
        results[searchIndex] = {
          neighbours: unpackVectorIds(nearest),
          matchCount,
          hops: 1,
          candidates: compared,
          times: { started, finished, onHop: finished - started },
        };
      });
    });
    return results;
  }

  /** Why a session ended or did not begin: what keeps this process from the socket, else what the call ended with. */
  async reasonAway(error: unknown): Promise<string> {
    return (await socketTrouble(this.socket)) ?? readError(error).message;
  }

  close(): void {
    this.lanes.close();
  }

  private call<Request, Response>(
    lane: LaneName,
    method: Method<Request, Response>,
    request: Request,
    { milliseconds = CALL_MILLISECONDS, bytes = SMALL_BYTES, patience }: CallTerms = {},
  ): Promise<Response> {
    return this.lanes.of(lane).run(
      bytes,
      async (client, lost) => {
        try {
          return await callUnary(method(client), request, milliseconds, lost);
        } catch (error) {
          throw readError(error);
        }
      },
      patience,
    );
  }
}

/** What a call is given, where that differs from most. */
interface CallTerms {
  /** How long it may take once it is sent. */
  readonly milliseconds?: number;
  /** What it takes of the lane. */
  readonly bytes?: number;
  /** How long it may wait for its place. */
  readonly patience?: LanePatience | undefined;
}

/** @param signals each of them ends the call */
async function each<Response>(
  call: ClientReadableStream<Response>,
  signals: readonly AbortSignal[],
  use: (response: Response) => void,
): Promise<void> {
  const cancel = () => {
    call.cancel();
  };
  for (const signal of signals) signal.addEventListener('abort', cancel);
  if (signals.some(({ aborted }) => aborted)) cancel();
  try {
    for await (const response of call) use(response as Response);
  } catch (error) {
    throw readError(error);
  } finally {
    for (const signal of signals) signal.removeEventListener('abort', cancel);
  }
}

function readEntry(entries: Buffer, offset: number): RegisteredIris {
  return {
    id: {
      serialId: serialId(entries.readUInt32LE(offset)),
      version: version(entries.readUInt16LE(offset + 4)),
    },
    deleted: (entries.readUInt16LE(offset + 6) & 1) === 1,
  };
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
