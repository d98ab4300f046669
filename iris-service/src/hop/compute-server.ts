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
  ExhaustedError,
  InvalidInputError,
  NotFoundError,
  StoreAwayError,
} from '@irispair/common/errors/errors';
import { toStatus } from '@irispair/common/grpc/status';
import { serialId, version, type SerialId, type VectorId } from '@irispair/common/ids/vector-id';
import { irisMessage } from '@irispair/common/iris/message';
import type { Iris } from '@irispair/common/iris/template';
import type { Logger } from '@irispair/common/log/logger';
import type { RequestMetrics } from '@irispair/common/telemetry/request-metrics';
import { SpanGroup } from '@irispair/common/traces/span-group';
import { nativeErrorCode } from '@irispair/native/engine';
import type { IrisEngine } from '@irispair/native/engine-types';
import { decodeRecord, packProbes } from '@irispair/native/records';
import * as wire from '@irispair/proto/compute';
import type { Gallery, WantedChange } from '../gallery/gallery.js';
import type { PlacementReport } from '../placement/placement-report.js';
import { recaptureOf } from '../recall/recapture.js';
import type { HopTraces } from '../traces/hop-traces.js';
import { MAXIMUM_CANDIDATES_A_STEP, MAXIMUM_REQUESTS_IN_FLIGHT, serveEvaluate } from './evaluate.js';
import type { Sessions } from './sessions.js';
import { readOpenSearch, readProbe } from './wire.js';

const HEARTBEAT_MILLISECONDS = 2_000;
const MOST_PROBES = 1_024;
const MOST_QUERIES_HELD = 65_536;
const MOST_SCAN_SEARCHES = 4_096;
/** More would make a slice of the idle scan longer than anybody should wait for. */
const MOST_IDLE_SCAN_SEARCHES = 128;
const MOST_CHANGES = 4_096;
const REGISTRY_ENTRIES_A_MESSAGE = 8_192;
const REGISTRY_ENTRY_BYTES = 8;

type ScanCall = ServerWritableStream<wire.ScanRequest, wire.ScanResponse>;

/** What the calls work on. */
export interface ComputeParts {
  readonly engine: IrisEngine;
  readonly gallery: Gallery;
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
      serveEvaluate(call, streams, parts.engine, parts.logger, parts.traces);
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
      (request) => compareQueries(request, parts.engine),
      ({ trace }) => tracesOf(trace, 'batch mates', parts),
    ),
    commit: unary(
      'Commit',
      (request, traces) => commit(request, parts.gallery, traces),
      ({ trace }) => tracesOf(trace, 'commit', parts),
    ),
    fetch: unary('Fetch', (request) => fetchIris(request, parts.gallery)),
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
  return error instanceof StoreAwayError ? status.ABORTED : toStatus(fromNative(error)).code;
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
      storeAway: parts.gallery.storeAway ?? '',
    });
  // What was stored late, the graph service does not know of: it joins anew and catches up.
  const endLate = () => {
    call.end();
  };
  parts.gallery.events.on('away', say).on('late', endLate);
  parts.logger.info({ session, client: call.request.client.slice(0, 64) }, 'graph service joined');
  say();
  const heartbeat = setInterval(say, HEARTBEAT_MILLISECONDS);
  call.on('close', () => {
    clearInterval(heartbeat);
    parts.gallery.events.off('away', say).off('late', endLate);
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
  const irises = request.probes.map((probe, index) => readProbe(probe, `probes[${index}]`));
  return { queryHandles: await prepare(request.sessionId, irises, parts) };
}

async function prepareRecaptures(
  { sessionId, serialIds }: wire.PrepareRecapturesRequest,
  parts: ComputeParts,
): Promise<wire.PrepareRecapturesResponse> {
  parts.sessions.check(sessionId);
  checkCount(serialIds.length, 1, MOST_PROBES, 'serial_ids');
  const captured: Iris[] = [];
  const places: (number | undefined)[] = [];
  for (const [index, given] of serialIds.entries()) {
    const iris = storedIris(serialId(given, `serial_ids[${index}]`), parts.gallery);
    places.push(iris === undefined ? undefined : captured.length);
    if (iris !== undefined) captured.push(await recaptureOf(iris));
  }
  const handles = captured.length === 0 ? [] : await prepare(sessionId, captured, parts);
  return { queryHandles: places.map((place) => (place === undefined ? 0 : handles[place])) };
}

function storedIris(serial: SerialId, gallery: Gallery): Iris | undefined {
  try {
    return decodeRecord(gallery.read(serial).record);
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

async function prepare(
  session: number,
  irises: readonly Iris[],
  { engine, sessions }: ComputeParts,
): Promise<number[]> {
  if (engine.counters().queries + irises.length > MOST_QUERIES_HELD) {
    throw new ExhaustedError(`${MOST_QUERIES_HELD} queries are held already: release some`);
  }
  const handles = await engine.prepareQueries(packProbes(irises));
  sessions.hold(session, handles);
  return handles;
}

async function compareQueries(
  request: wire.CompareQueriesRequest,
  engine: IrisEngine,
): Promise<wire.CompareQueriesResponse> {
  checkCount(request.queryHandles.length, 2, MOST_PROBES, 'query_handles');
  const { baseRotation, rotationReach, matchLimit } = request;
  const bits = await engine.compareQueries(request.queryHandles, { baseRotation, rotationReach, matchLimit });
  return { matchBits: Buffer.from(bits) };
}

async function serveScan(call: ScanCall, token: number, parts: ComputeParts): Promise<void> {
  call.on('cancelled', () => {
    parts.engine.cancelScan(token);
  });
  const traces = tracesOf(call.request.trace, 'scan', parts);
  // Apart, for they may take as long as they like.
  const method = call.request.manner === wire.ScanManner.IDLE ? 'IdleScan' : 'Scan';
  try {
    await parts.requests.watch(method, () => scan(call, token, parts.engine), codeOf);
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

async function scan(call: ScanCall, token: number, engine: IrisEngine): Promise<void> {
  const { searches, withDistances, manner } = call.request;
  const isIdle = manner === wire.ScanManner.IDLE;
  checkCount(searches.length, 1, isIdle ? MOST_IDLE_SCAN_SEARCHES : MOST_SCAN_SEARCHES, 'searches');
  const read = searches.map((search, index) => readOpenSearch(search, `searches[${index}]`));
  const answers = isIdle
    ? await engine.scanWhenIdle(read, token)
    : await engine.scan(read, withDistances, token);
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
  request: wire.CommitRequest,
  gallery: Gallery,
  traces: SpanGroup,
): Promise<wire.CommitResponse> {
  checkCount(request.changes.length, 1, MOST_CHANGES, 'changes');
  const wanted = request.changes.map((change, index) => readChange(change, `changes[${index}]`));
  const vectorIds = await gallery.commit(wanted, traces);
  return { vectorIds, commitCount: gallery.commitCount };
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

function fetchIris(request: wire.FetchRequest, gallery: Gallery): wire.FetchResponse {
  const { id, record } = gallery.read(serialId(request.serialId));
  return { vectorId: id, iris: irisMessage(decodeRecord(record)) };
}

function checkCount(count: number, least: number, most: number, field: string): void {
  if (count < least || count > most) {
    throw new InvalidInputError(field, `${count} given, ${least} to ${most} are allowed in one call`);
  }
}
