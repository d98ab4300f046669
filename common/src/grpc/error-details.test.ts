import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  status,
  type ServiceError,
  type StatusObject,
} from '@grpc/grpc-js';
import { IrisPairClient, IrisPairService } from '@irispair/proto/public';
import { ExhaustedError, NotFoundError, type IrisPairError } from '../errors/errors.js';
import { detailsTrailer, readDetails, retryMillisecondsOf, type ErrorDetails } from './error-details.js';
import { toStatus } from './status.js';
import { callUnary } from './unary-call.js';

const CALL_MILLISECONDS = 60_000;
const ALL: ErrorDetails = {
  retryInfo: { retryDelay: { seconds: 2, nanos: 500_000_000 } },
  badRequest: {
    fieldViolations: [
      { field: 'iris.left', description: 'missing', reason: '', localizedMessage: undefined },
    ],
  },
  errorInfo: { reason: 'QUEUE_FULL', domain: 'irispair', metadata: { places: '3' } },
};

describe('details of an error', () => {
  let refusal: IrisPairError = new NotFoundError('nobody');
  let server: Server;
  let client: IrisPairClient;
  before(async () => {
    server = new Server();
    server.addService(IrisPairService, {
      status: (_: unknown, callback: (error: StatusObject) => void) => {
        callback(toStatus(refusal));
      },
    });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
    client = new IrisPairClient(`127.0.0.1:${port}`, credentials.createInsecure());
  });
  after(() => {
    client.close();
    server.forceShutdown();
  });

  function ask(): Promise<unknown> {
    return callUnary(client.status.bind(client), {}, CALL_MILLISECONDS);
  }

  it('reach a client: after how long to try again, to the millisecond', async () => {
    for (const milliseconds of [0, 1, 250, 1_000, 61_750]) {
      refusal = new ExhaustedError('full', { retryMilliseconds: milliseconds });
      const error = await ask().catch((one: unknown) => one as ServiceError);
      assert.ok(error instanceof Error);
      assert.equal((error as ServiceError).code, status.RESOURCE_EXHAUSTED);
      assert.equal(retryMillisecondsOf(error), milliseconds);
    }
  });

  it('are not sent where an error has none', async () => {
    refusal = new NotFoundError('nobody');
    const error = await ask().catch((one: unknown) => one as ServiceError);
    assert.equal(retryMillisecondsOf(error), undefined);
    assert.deepEqual((error as ServiceError).metadata.get('grpc-status-details-bin'), []);
    assert.equal(retryMillisecondsOf(new Error('another')), undefined);
    assert.equal(retryMillisecondsOf('text'), undefined);
  });

  it('are read as they were written, of every kind', () => {
    for (const given of [ALL, { retryInfo: ALL.retryInfo }, { errorInfo: ALL.errorInfo }] as ErrorDetails[]) {
      assert.deepEqual(readDetails({ metadata: detailsTrailer(3, 'wrong', given) }), given);
    }
  });

  it('that nobody can read are as good as none', () => {
    const metadata = new Metadata();
    metadata.set('grpc-status-details-bin', Buffer.from([0xff, 0xff, 0xff]));
    assert.deepEqual(readDetails({ metadata }), {});
  });
});
