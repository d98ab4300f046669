/** The service irispair.compute.v1.IrisCompute, call by call. */
import {
  status,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServerWritableStream,
  type StatusObject,
} from '@grpc/grpc-js';
import {
  CancelledError,
  ConflictError,
  ExhaustedError,
  InvalidInputError,
  NotFoundError,
  RefusedChangeError,
  StoreAwayError,
} from '@irispair/common/errors/errors';
import { toStatus } from '@irispair/common/grpc/status';
import { serialId, version, type SerialId, type VectorId } from '@irispair/common/ids/vector-id';
import type { Logger } from '@irispair/common/log/logger';
import { batchNameBytes, readBatchName, type BatchName } from '@irispair/common/parties/batch-name';
import type { RequestMetrics } from '@irispair/common/telemetry/request-metrics';
import { SpanGroup } from '@irispair/common/traces/span-group';
import { nativeErrorCode } from '@irispair/native/engine';
import type { EngineCore } from '@irispair/native/engine-types';
import * as wire from '@irispair/proto/compute';
import {
  MAXIMUM_CANDIDATES_A_STEP,
  type Comparing,
  type ComparingInTheClear,
} from '../comparing/comparing.js';
import type { AgreedBatches } from '../gallery/agreed-batches.js';
import type { Gallery, WantedChange } from '../gallery/gallery.js';
import type { PlacementReport } from '../placement/placement-report.js';
import type { IrisColumns, RecordForm } from '../store/record-form.js';
import type { HopTraces } from '../traces/hop-traces.js';
import { MAXIMUM_REQUESTS_IN_FLIGHT, serveEvaluate } from './evaluate.js';
import type { Sessions } from './sessions.js';
import { readProbe, writeProbe } from './wire.js';

const HEARTBEAT_MILLISECONDS = 2_000;
const MOST_PROBES = 1_024;
const MOST_SCAN_SEARCHES = 4_096;
/** More would make a slice of the idle scan longer than anybody should wait for. */
const MOST_IDLE_SCAN_SEARCHES = 128;
const MOST_CHANGES = 4_096;
const REGISTRY_ENTRIES_A_MESSAGE = 8_192;
const REGISTRY_ENTRY_BYTES = 8;

type ScanCall = ServerWritableStream<wire.ScanRequest, wire.ScanResponse>;

/** What the calls work on. */
export interface ComputeParts {
  readonly engine: EngineCore;
  readonly comparing: Comparing;
  /** Of probes and of what is stored. */
  readonly form: RecordForm;
  readonly gallery: Gallery;
  /** Undefined in plain mode, where changes need nobody's agreement. */
  readonly agreed: AgreedBatches | undefined;
  readonly sessions: Sessions;
  readonly placement: PlacementReport;
  readonly requests: RequestMetrics;
  /** Undefined when nothing is traced. */
  readonly traces: HopTraces | undefined;
  readonly queryExpirySeconds: number;
  readonly logger: Logger;
}

/** The handlers of one server. */
export function computeHandlers(parts: ComputeParts): wire.IrisComputeServer {
  let streams = 0;
  let scans = 0;
  const unary = <Request, Response>(
    method: string,
    handle: (request: Request, traces: SpanGroup) => Promise<Response> | Response,
    begin: (request: Request) => SpanGroup = () => SpanGroup.NONE,
  ) =>
    answerUnary<Request, Response>(
      (request, traces) => parts.requests.watch(method, () => handle(request, traces), codeOf),
      begin,
      parts.logger,
    );
  return {
    session: (call) => {
      serveSession(call, parts);
    },
    evaluate: (call) => {
      streams += 1;
      serveEvaluate(call, streams, parts.comparing, parts.logger, parts.traces);
    },
    scan: (call) => {
      scans += 1;
      void serveScan(call, scans, parts);
    },
    registry: (call) => {
      void parts.requests.watch('Registry', () => serveRegistry(call, parts.gallery), codeOf);
    },
    prepareQuery: unary(
      'PrepareQuery',
      (request) => prepareQuery(request, parts),
      ({ trace }) => tracesOf(trace, 'prepare', parts),
    ),
    prepareRecaptures: unary('PrepareRecaptures', (request) => prepareRecaptures(request, parts)),
    releaseQuery: unary('ReleaseQuery', ({ queryHandles }) => {
      parts.sessions.release(queryHandles);
      return {};
    }),
    compareQueries: unary(
      'CompareQueries',
      (request, traces) => compareQueries(request, parts.comparing, traces),
      ({ trace }) => tracesOf(trace, 'batch mates', parts),
    ),
    commit: unary(
      'Commit',
      (request, traces) => commit(request, parts, traces),
      ({ trace }) => tracesOf(trace, 'commit', parts),
    ),
    takeJournal: unary('TakeJournal', (request) => takeJournal(request, parts)),
    prepareChanges: unary(
      'PrepareChanges',
      (request, traces) => prepareChanges(request, parts, traces),
      ({ trace }) => tracesOf(trace, 'prepare changes', parts),
    ),
    commitPrepared: unary(
      'CommitPrepared',
      (request, traces) => commitPrepared(request, parts, traces),
      ({ trace }) => tracesOf(trace, 'commit', parts),
    ),
    dropPrepared: unary('DropPrepared', (request) => dropPrepared(request, parts)),
    fetch: unary('Fetch', (request) => fetchIris(request, parts)),
    placement: unary('Placement', ({ countPages }) => parts.placement.read(countPages)),
  };
}

function answerUnary<Request, Response>(
  handle: (request: Request, traces: SpanGroup) => Promise<Response> | Response,
  begin: (request: Request) => SpanGroup,
  logger: Logger,
) {
  return (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>): void => {
    const traces = begin(call.request);
    Promise.resolve()
      .then(() => handle(call.request, traces))
      .then(
        (response) => {
          traces.end();
          callback(null, response);
        },
        (error: unknown) => {
          traces.end(error);
          callback(refusal(error, logger, traces));
        },
      );
  };
}

/** The status to refuse a call with. What clients are not told is logged. */
function refusal(error: unknown, logger: Logger, traces: SpanGroup): StatusObject {
  const code = codeOf(error);
  if (code === status.INTERNAL) logger.error({ err: error, ...traces.logFields }, 'a call failed');
  return { ...toStatus(fromNative(error)), code };
}

function codeOf(error: unknown): status {
  // Apart from a service that is away: this one is there, and has changed nothing.
  if (error instanceof StoreAwayError) return status.ABORTED;
  // Apart from what is no longer current: the registry is as the graph service knows it.
  if (error instanceof RefusedChangeError) return status.PERMISSION_DENIED;
  return toStatus(fromNative(error)).code;
}

/** The engine's errors in the service's words. */
function fromNative(error: unknown): unknown {
  const message = error instanceof Error ? error.message : '';
  const code = nativeErrorCode(error);
  if (code === 'INVALID_ARGUMENT') {
    const [field = '', ...problem] = message.split(': ');
    return new InvalidInputError(field, problem.join(': '));
  }
  if (code === 'UNKNOWN_QUERY') return new NotFoundError(`${message}: prepare it again`);
  if (code === 'CAPACITY_EXHAUSTED') return new ExhaustedError(message);
  if (code === 'CANCELLED') return new CancelledError(message);
  return error;
}

function serveSession(
  call: ServerWritableStream<wire.SessionRequest, wire.SessionResponse>,
  parts: ComputeParts,
): void {
  const session = parts.sessions.join();
  const say = () =>
    call.write({
      sessionId: session,
      maximumRequestsInFlight: MAXIMUM_REQUESTS_IN_FLIGHT,
      maximumCandidatesAStep: MAXIMUM_CANDIDATES_A_STEP,
      queryExpirySeconds: parts.queryExpirySeconds,
      commitCount: parts.gallery.commitCount,
      storeId: parts.gallery.storeId,
      storeAway: parts.gallery.storeAway ?? '',
      partyAway: parts.comparing.away,
      columns: parts.form.columns,
    });
  // What was stored late, the graph service does not know of: it joins anew and catches up.
  const endLate = () => {
    call.end();
  };
  const { gallery, comparing } = parts;
  gallery.events.on('away', say).on('late', endLate);
  comparing.events.on('away', say);
  parts.logger.info({ session, client: call.request.client.slice(0, 64) }, 'graph service joined');
  say();
  const heartbeat = setInterval(say, HEARTBEAT_MILLISECONDS);
  call.on('close', () => {
    clearInterval(heartbeat);
    gallery.events.off('away', say).off('late', endLate);
    comparing.events.off('away', say);
    parts.sessions.leave(session);
    parts.logger.info({ session }, 'graph service left');
  });
}

async function prepareQuery(
  request: wire.PrepareQueryRequest,
  parts: ComputeParts,
): Promise<wire.PrepareQueryResponse> {
  parts.sessions.check(request.sessionId);
  checkCount(request.probes.length, 1, MOST_PROBES, 'probes');
  const irises = request.probes.map((probe, index) => readProbe(parts.form, probe, `probes[${index}]`));
  return { queryHandles: await prepare(request.sessionId, irises, parts) };
}

async function prepareRecaptures(
  { sessionId, serialIds }: wire.PrepareRecapturesRequest,
  parts: ComputeParts,
): Promise<wire.PrepareRecapturesResponse> {
  const inTheClear = parts.comparing.inTheClear('PrepareRecaptures');
  parts.sessions.check(sessionId);
  checkCount(serialIds.length, 1, MOST_PROBES, 'serial_ids');
  const captured: IrisColumns[] = [];
  const places: (number | undefined)[] = [];
  for (const [index, given] of serialIds.entries()) {
    const record = storedRecord(serialId(given, `serial_ids[${index}]`), parts.gallery);
    places.push(record === undefined ? undefined : captured.length);
    if (record !== undefined) captured.push(await inTheClear.recapture(record));
  }
  const handles = captured.length === 0 ? [] : await prepare(sessionId, captured, parts);
  return { queryHandles: places.map((place) => (place === undefined ? 0 : handles[place])) };
}

function storedRecord(serial: SerialId, gallery: Gallery): Uint8Array | undefined {
  try {
    return gallery.read(serial).record;
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

async function prepare(
  session: number,
  irises: readonly IrisColumns[],
  { engine, comparing, sessions }: ComputeParts,
): Promise<number[]> {
  const { mostQueries } = comparing;
  if (engine.counters().queries + irises.length > mostQueries) {
    throw new ExhaustedError(`${mostQueries} queries are held already: release some`);
  }
  const handles = await engine.prepareQueries(Buffer.concat(irises.flat()));
  sessions.hold(session, handles);
  return handles;
}

async function compareQueries(
  { queryHandles, baseRotation, rotationReach, matchLimit, run }: wire.CompareQueriesRequest,
  comparing: Comparing,
  traces: SpanGroup,
): Promise<wire.CompareQueriesResponse> {
  checkCount(queryHandles.length, 2, MOST_PROBES, 'query_handles');
  const window = { baseRotation, rotationReach, matchLimit };
  const compared = await comparing.compareQueries({ queries: queryHandles, window, run });
  traces.set(compared.attributes);
  return { matchBits: Buffer.from(compared.matchBits) };
}

async function serveScan(call: ScanCall, token: number, parts: ComputeParts): Promise<void> {
  const traces = tracesOf(call.request.trace, 'scan', parts);
  // Apart, for they may take as long as they like.
  const method = call.request.manner === wire.ScanManner.IDLE ? 'IdleScan' : 'Scan';
  try {
    await parts.requests.watch(method, () => scan(call, token, parts.comparing.inTheClear('Scan')), codeOf);
    traces.end();
    call.end();
  } catch (error) {
    traces.end(error);
    call.emit('error', refusal(error, parts.logger, traces));
  }
}

/** Server spans of the requests for which a call is made; empty when none is traced. */
function tracesOf(context: wire.TraceContext | undefined, name: string, { traces }: ComputeParts): SpanGroup {
  return context === undefined || traces === undefined ? SpanGroup.NONE : traces.join(context, name);
}

async function scan(call: ScanCall, token: number, inTheClear: ComparingInTheClear): Promise<void> {
  call.on('cancelled', () => {
    inTheClear.cancelScan(token);
  });
  const { searches, manner } = call.request;
  const most = manner === wire.ScanManner.IDLE ? MOST_IDLE_SCAN_SEARCHES : MOST_SCAN_SEARCHES;
  checkCount(searches.length, 1, most, 'searches');
  const answers = await inTheClear.scan(call.request, token);
  answers.forEach((answer, searchIndex) => {
    call.write({
      searchIndex,
      nearest: Buffer.from(answer.nearest),
      matchCount: answer.matchCount,
      distances: Buffer.from(answer.distances),
      compared: answer.compared,
    });
  });
}

async function commit(
  { changes }: wire.CommitRequest,
  { gallery, agreed }: ComputeParts,
  traces: SpanGroup,
): Promise<wire.CommitResponse> {
  if (agreed !== undefined) {
    throw new ConflictError(
      'this service is in secret-shared mode, where changes are agreed on: prepare them, then commit what is prepared',
    );
  }
  const vectorIds = await gallery.commit(readChanges(changes), traces);
  return { vectorIds, commitCount: gallery.commitCount };
}

async function takeJournal(
  { sessionId }: wire.TakeJournalRequest,
  parts: ComputeParts,
): Promise<wire.TakeJournalResponse> {
  parts.sessions.check(sessionId);
  const { applied, prepared } = await agreedOf(parts).take(sessionId);
  return { applied: nameOrNothing(applied), prepared: nameOrNothing(prepared) };
}

async function prepareChanges(
  { sessionId, batch, changes }: wire.PrepareChangesRequest,
  parts: ComputeParts,
  traces: SpanGroup,
): Promise<wire.PrepareChangesResponse> {
  await agreedOf(parts).prepare(sessionId, readBatchName(batch), readChanges(changes), traces);
  return {};
}

async function commitPrepared(
  { sessionId, batch }: wire.CommitPreparedRequest,
  parts: ComputeParts,
  traces: SpanGroup,
): Promise<wire.CommitPreparedResponse> {
  const vectorIds = await agreedOf(parts).commit(sessionId, readBatchName(batch), traces);
  return { vectorIds, commitCount: parts.gallery.commitCount };
}

async function dropPrepared(
  { sessionId, batch }: wire.DropPreparedRequest,
  parts: ComputeParts,
): Promise<wire.DropPreparedResponse> {
  await agreedOf(parts).drop(sessionId, readBatchName(batch));
  return {};
}

function agreedOf({ agreed }: ComputeParts): AgreedBatches {
  if (agreed !== undefined) return agreed;
  throw new ConflictError('this service is in plain mode, which has no journal: commit changes at once');
}

function nameOrNothing(batch: BatchName | undefined): Buffer {
  return batch === undefined ? Buffer.alloc(0) : batchNameBytes(batch);
}

function readChanges(changes: readonly wire.Change[]): WantedChange[] {
  checkCount(changes.length, 1, MOST_CHANGES, 'changes');
  return changes.map((change, index) => readChange(change, `changes[${index}]`));
}

function readChange({ kind }: wire.Change, field: string): WantedChange {
  switch (kind?.$case) {
    case 'insert':
      return { kind: 'insert', query: kind.value.queryHandle, serialId: kind.value.serialId };
    case 'update':
      return {
        kind: 'update',
        query: kind.value.queryHandle,
        expected: readId(kind.value.expected, `${field}.update.expected`),
      };
    case 'delete':
      return { kind: 'delete', expected: readId(kind.value.expected, `${field}.delete.expected`) };
    case undefined:
      throw new InvalidInputError(field, 'empty: give insert, update or delete');
  }
}

function readId(id: wire.VectorId | undefined, field: string): VectorId {
  if (id === undefined) throw new InvalidInputError(field, 'missing: give the id as you know it');
  return {
    serialId: serialId(id.serialId, `${field}.serial_id`),
    version: version(id.version, `${field}.version`),
  };
}

async function serveRegistry(
  call: ServerWritableStream<wire.RegistryRequest, wire.RegistryResponse>,
  gallery: Gallery,
): Promise<void> {
  const { commitCount } = gallery;
  const all = [...gallery.entries(call.request.fromSerialId)];
  for (let first = 0; first === 0 || first < all.length; first += REGISTRY_ENTRIES_A_MESSAGE) {
    const some = all.slice(first, first + REGISTRY_ENTRIES_A_MESSAGE);
    const entries = Buffer.alloc(some.length * REGISTRY_ENTRY_BYTES);
    some.forEach(({ id, deleted }, index) => {
      entries.writeUInt32LE(id.serialId, index * REGISTRY_ENTRY_BYTES);
      entries.writeUInt16LE(id.version, index * REGISTRY_ENTRY_BYTES + 4);
      entries.writeUInt16LE(deleted ? 1 : 0, index * REGISTRY_ENTRY_BYTES + 6);
    });
    if (!call.write({ entries, commitCount })) await drained(call);
    if (call.cancelled) return;
  }
  call.end();
}

function drained(call: ServerWritableStream<unknown, unknown>): Promise<void> {
  return new Promise((resolve) => {
    call.once('drain', resolve);
    call.once('close', resolve);
  });
}

function fetchIris(request: wire.FetchRequest, { gallery, form }: ComputeParts): wire.FetchResponse {
  const { id, record } = gallery.read(serialId(request.serialId));
  return { vectorId: id, iris: writeProbe(form, record) };
}

function checkCount(count: number, least: number, most: number, field: string): void {
  if (count < least || count > most) {
    throw new InvalidInputError(field, `${count} given, ${least} to ${most} are allowed in one call`);
  }
}
