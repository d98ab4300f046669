import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, it } from 'node:test';
import {
  credentials,
  makeGenericClientConstructor,
  Server,
  ServerCredentials,
  status,
  type Client,
  type ClientUnaryCall,
  type ServiceError,
  type UntypedHandleCall,
} from '@grpc/grpc-js';
import { createLogger } from '../log/logger.js';
import { until } from '../support/until.js';
import { CallGuard } from './call-guard.js';

const LONG_MILLISECONDS = 120_000;
const CALL_BYTES = 16 << 10;
const CALLS = 3;
const same = (bytes: Buffer) => bytes;
const UNARY = { requestStream: false, responseStream: false } as const;
const CODEC = {
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
};
const SERVICE = {
  /** Waits for the test. */
  wait: { path: '/test/Wait', ...UNARY, ...CODEC },
  check: { path: '/grpc.health.v1.Health/Check', ...UNARY, ...CODEC },
};

type Answer = (error: null, answer: Buffer) => void;

describe('the open calls of a server', () => {
  let server: Server;
  let guard: CallGuard;
  let client: Client;
  let answers: Answer[];
  beforeEach(async () => {
    answers = [];
    const limits = {
      bytes: CALLS * CALL_BYTES,
      unreadMilliseconds: 1_000,
      settings: { bytes: 'BYTES', unread: 'UNREAD' },
    };
    guard = new CallGuard(limits, createLogger('graph', 'silent'));
    server = new Server({ interceptors: [guard.interceptor] });
    const wait: UntypedHandleCall = (_call: unknown, answer: Answer) => answers.push(answer);
    const check: UntypedHandleCall = (_call: unknown, answer: Answer) => {
      answer(null, Buffer.of(1));
    };
    server.addService(SERVICE, { wait, check });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
    const Constructor = makeGenericClientConstructor(SERVICE, 'test');
    client = new Constructor(`127.0.0.1:${port}`, credentials.createInsecure());
  });
  afterEach(() => {
    client.close();
    guard.close();
    server.forceShutdown();
  });

  function call(path: string, ended: (error: ServiceError | null) => void): ClientUnaryCall {
    return client.makeUnaryRequest(path, same, same, Buffer.of(1), ended);
  }

  const ended = (path: string) => new Promise<ServiceError | null>((resolve) => call(path, resolve));

  it('are refused while they hold too much, the question for health apart, and taken when others have ended', async () => {
    const waiting = Array.from({ length: CALLS }, () => ended(SERVICE.wait.path));
    await until('they came', () => answers.length === CALLS, LONG_MILLISECONDS);
    assert.ok(guard.memory.bytes >= CALLS * CALL_BYTES);
    const refused = await ended(SERVICE.wait.path);
    assert.equal(refused?.code, status.RESOURCE_EXHAUSTED);
    assert.match(refused.details, /hold 49152 bytes: have fewer open, read their answers, or raise BYTES/);
    assert.equal(await ended(SERVICE.check.path), null);
    assert.equal(guard.refused, 1);
    for (const answer of answers) answer(null, Buffer.of(1));
    assert.deepEqual(await Promise.all(waiting), Array(CALLS).fill(null));
    await until('they have ended', () => guard.open === 0, LONG_MILLISECONDS);
    assert.equal(guard.memory.bytes, 0);
    const another = ended(SERVICE.wait.path);
    await until('it came', () => answers.length > CALLS, LONG_MILLISECONDS);
    answers[CALLS](null, Buffer.of(1));
    assert.equal(await another, null);
  });

  it('end when their request does not come whole', async () => {
    const half = client.makeClientStreamRequest(SERVICE.wait.path, same, same, () => undefined);
    const [ending] = (await once(half, 'status')) as [{ code: status }];
    assert.equal(ending.code, status.RESOURCE_EXHAUSTED);
    assert.equal(guard.ended, 1);
  });
});
