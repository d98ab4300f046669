/** The public gRPC server: IrisPair, IrisPairAdmin, standard health, reflection. */
import {
  Server,
  ServerCredentials,
  type sendUnaryData,
  type ServerDuplexStream,
  type ServerUnaryCall,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import type { HealthImplementation } from 'grpc-health-check';
import { MisconfiguredError } from '@irispair/common/errors/errors';
import { PUBLIC_SERVER_OPTIONS } from '@irispair/common/grpc/limits';
import { SessionGuard } from '@irispair/common/grpc/session-guard';
import { toStatus } from '@irispair/common/grpc/status';
import type { Logger } from '@irispair/common/log/logger';
import { connectionsThatFit } from '@irispair/common/process/open-files';
import { HTTP_CONNECTIONS } from '@irispair/common/telemetry/monitoring-server';
import type { Tracing } from '@irispair/common/traces/tracing';
import { HEALTH_PROTO, PROTO_ROOT, PUBLIC_API_PROTO } from '@irispair/proto/definitions';
import {
  IrisPairAdminService,
  type IrisPairAdminServer,
  type IrisPairServer,
  type MeasureRecallRequest,
  type MeasureRecallResponse,
} from '@irispair/proto/public';
import type { Patience } from '../batch/request.js';
import type { GraphServiceSettings } from '../settings.js';
import { SERVED_SERVICE, type BulkStream } from './bulk-method.js';
import type { Call, PublicCalls } from './calls.js';
import { serveProcess } from './process-stream.js';
import { DEFAULT_LIMITS, publicLimits, type PublicLimits } from './public-limits.js';
import { beginRequest } from './request-trace.js';

/** A call that streams both ways; resolves when all is written, rejects with what it is to end with. */
export type StreamedCall<Request, Response> = (
  call: ServerDuplexStream<Request, Response>,
  patience: Patience,
) => Promise<void>;

/** What operators ask. */
export interface AdminCalls {
  readonly measureRecall: StreamedCall<MeasureRecallRequest, MeasureRecallResponse>;
}

/**
 * The server, not yet listening.
 * @param tracing undefined when nothing is traced
 * @param stops aborted when the service stops: bulk streams end once what they have in work is answered
 */
export function createPublicServer(
  calls: PublicCalls,
  admin: AdminCalls,
  health: HealthImplementation,
  logger: Logger,
  tracing?: Tracing,
  limits: PublicLimits = publicLimits(DEFAULT_LIMITS, logger),
  stops: AbortSignal = new AbortController().signal,
): Server {
  const server = new Server({
    ...PUBLIC_SERVER_OPTIONS,
    'grpc.max_connection_idle_ms': limits.idleMilliseconds,
    interceptors: [limits.calls.interceptor],
  });
  const unary = <Request, Response>(method: string, handle: Call<Request, Response>) =>
    answerUnary(method, handle, logger, tracing);
  const handlers: IrisPairServer = {
    enroll: unary('Enroll', calls.enroll),
    search: unary('Search', calls.search),
    verify: unary('Verify', calls.verify),
    reauthenticate: unary('Reauthenticate', calls.reauthenticate),
    delete: unary('Delete', calls.delete),
    getIris: unary('GetIris', calls.getIris),
    status: unary('Status', calls.status),
    placement: unary('Placement', calls.placement),
    process: (call) => {
      // The definition that is served makes it such a stream.
      const stream = call as unknown as BulkStream;
      serveProcess(stream, calls, patienceOf(call), limits.calls.memory, tracing, stops);
    },
  };
  server.addService(SERVED_SERVICE, handlers);
  const adminHandlers: IrisPairAdminServer = { measureRecall: streamed(admin.measureRecall, logger) };
  server.addService(IrisPairAdminService, adminHandlers);
  health.addToServer(server);
  // Reflection tells the names as the .proto files write them.
  const definition = loadSync([PUBLIC_API_PROTO, HEALTH_PROTO], {
    includeDirs: [PROTO_ROOT],
    keepCase: true,
  });
  new ReflectionService(definition).addToServer(server);
  return server;
}

/** Listens. Resolves to the port. @throws MisconfiguredError when the address cannot be had */
export function listen(server: Server, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else
        reject(
          new MisconfiguredError(
            `cannot listen on ${address}: ${error.message}; choose another IRISPAIR_LISTEN`,
          ),
        );
    });
  });
}

/** Bounds the connections of a server that listens. */
export function guardPort(
  server: Server,
  { IRISPAIR_MAX_CONNECTIONS: wanted }: GraphServiceSettings,
  logger: Logger,
): SessionGuard {
  const setting = 'IRISPAIR_MAX_CONNECTIONS';
  const connections = connectionsThatFit(wanted, HTTP_CONNECTIONS, setting, logger);
  const remedy = `clients are to share connections; or raise ${setting}`;
  return new SessionGuard(server, { name: 'public', connections, remedy }, logger);
}

function answerUnary<Request, Response>(
  method: string,
  handle: Call<Request, Response>,
  logger: Logger,
  tracing: Tracing | undefined,
) {
  return (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>): void => {
    const traced = beginRequest(tracing, method, call.metadata);
    Promise.resolve()
      .then(() => handle(call.request, { ...patienceOf(call), trace: traced?.span }))
      .then(
        (response) => {
          traced?.answered();
          traced?.tell(call);
          callback(null, response);
        },
        (error: unknown) => {
          const answer = toStatus(error);
          logger.debug(
            { err: error, code: answer.code, path: call.getPath(), ...traced?.span?.logFields },
            'call failed',
          );
          traced?.failed(answer);
          traced?.tell(call);
          callback(answer);
        },
      );
  };
}

function streamed<Request, Response>(serve: StreamedCall<Request, Response>, logger: Logger) {
  return (call: ServerDuplexStream<Request, Response>): void => {
    serve(call, patienceOf(call)).then(
      () => {
        call.end();
      },
      (error: unknown) => {
        const answer = toStatus(error);
        logger.debug({ err: error, code: answer.code, path: call.getPath() }, 'call failed');
        call.emit('error', answer);
      },
    );
  };
}

interface CallWithPatience {
  getDeadline(): Date | number;
  /** Address and port of the other end. */
  getPeer(): string;
  on(event: 'cancelled', listener: () => void): unknown;
}

function patienceOf(call: CallWithPatience): Patience {
  const abort = new AbortController();
  call.on('cancelled', () => {
    abort.abort();
  });
  return { deadline: Number(call.getDeadline()), signal: abort.signal, connection: call.getPeer() };
}
