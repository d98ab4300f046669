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
import { toStatus } from '@irispair/common/grpc/status';
import type { Logger } from '@irispair/common/log/logger';
import { HEALTH_PROTO, PROTO_ROOT, PUBLIC_API_PROTO } from '@irispair/proto/definitions';
import {
  IrisPairAdminService,
  IrisPairService,
  type IrisPairAdminServer,
  type IrisPairServer,
  type MeasureRecallRequest,
  type MeasureRecallResponse,
} from '@irispair/proto/public';
import type { Patience } from '../batch/request.js';
import type { Call, PublicCalls } from './calls.js';
import { serveProcess } from './process-stream.js';

/** A call that streams both ways; resolves when all is written, rejects with what it is to end with. */
export type StreamedCall<Request, Response> = (
  call: ServerDuplexStream<Request, Response>,
  patience: Patience,
) => Promise<void>;

/** What operators ask. */
export interface AdminCalls {
  readonly measureRecall: StreamedCall<MeasureRecallRequest, MeasureRecallResponse>;
}

/** The server, not yet listening. */
export function createPublicServer(
  calls: PublicCalls,
  admin: AdminCalls,
  health: HealthImplementation,
  logger: Logger,
): Server {
  const server = new Server(PUBLIC_SERVER_OPTIONS);
  const handlers: IrisPairServer = {
    enroll: unary(calls.enroll, logger),
    search: unary(calls.search, logger),
    verify: unary(calls.verify, logger),
    reauthenticate: unary(calls.reauthenticate, logger),
    delete: unary(calls.delete, logger),
    getIris: unary(calls.getIris, logger),
    status: unary(calls.status, logger),
    placement: unary(calls.placement, logger),
    process: (call) => {
      serveProcess(call, calls, patienceOf(call));
    },
  };
  server.addService(IrisPairService, handlers);
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

function unary<Request, Response>(handle: Call<Request, Response>, logger: Logger) {
  return (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>): void => {
    Promise.resolve()
      .then(() => handle(call.request, patienceOf(call)))
      .then(
        (response) => {
          callback(null, response);
        },
        (error: unknown) => {
          const answer = toStatus(error);
          logger.debug({ err: error, code: answer.code, path: call.getPath() }, 'call failed');
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
  on(event: 'cancelled', listener: () => void): unknown;
}

function patienceOf(call: CallWithPatience): Patience {
  const abort = new AbortController();
  call.on('cancelled', () => {
    abort.abort();
  });
  return { deadline: Number(call.getDeadline()), signal: abort.signal };
}
