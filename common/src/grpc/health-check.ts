/** Asks a server by the standard health protocol whether it serves: the health check of a container. */
import { messageOf } from '../errors/message.js';
import { Client } from '@grpc/grpc-js';
import { service } from 'grpc-health-check';
import { channelTo } from './channel.js';
import { HOP_CHANNEL_OPTIONS } from './limits.js';
import { callUnary } from './unary-call.js';

const ANSWER_MILLISECONDS = 3_000;

interface HealthAnswer {
  readonly status: string;
}

/**
 * Asks once.
 * @param target gRPC target, such as `127.0.0.1:50051` or `unix:/run/irispair/iris.sock`
 * @param name of the service whose health is asked for; by default that of the whole server
 * @returns `SERVING`, `NOT_SERVING` or `UNKNOWN`
 * @throws ServiceError when no server answers, or it has no such service
 */
export async function askHealth(target: string, name = ''): Promise<string> {
  const client = new Client(...channelTo(target, HOP_CHANNEL_OPTIONS));
  const { path, requestSerialize, responseDeserialize } = service.Check;
  try {
    const answer = await callUnary<object, HealthAnswer>(
      (request, metadata, options, callback) =>
        client.makeUnaryRequest(
          path,
          requestSerialize,
          (bytes) => responseDeserialize(bytes) as HealthAnswer,
          request,
          metadata,
          options,
          (error, response) => {
            // Without an error there is a response.
            callback(error, response ?? { status: 'UNKNOWN' });
          },
        ),
      { service: name },
      ANSWER_MILLISECONDS,
    );
    return answer.status;
  } finally {
    client.close();
  }
}

/** Says on standard output what {@link askHealth} was told. The exit code is 0 when the server serves, else 1. */
export async function runHealthCheck(target: string): Promise<void> {
  try {
    const health = await askHealth(target);
    process.stdout.write(`${target}: ${health}\n`);
    process.exitCode = health === 'SERVING' ? 0 : 1;
  } catch (error) {
    process.stdout.write(`${target}: ${messageOf(error)}\n`);
    process.exitCode = 1;
  }
}
