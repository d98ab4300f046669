import assert from 'node:assert/strict';
import { once, type EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { credentials, status, type ClientDuplexStream, type Server, type StatusObject } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { NotFoundError } from '@irispair/common/errors/errors';
import { createLogger } from '@irispair/common/log/logger';
import * as api from '@irispair/proto/public';
import type { Patience } from '../batch/request.js';
import type { PublicCalls } from './calls.js';
import { createPublicServer, listen, type AdminCalls } from './public-server.js';

const MOST_UNANSWERED = 64;
const LARGE_ANSWER = Buffer.alloc(64 << 10, 0x5a);

/** A deletion that the service has begun. */
interface Begun {
  readonly serialId: number;
  readonly patience: Patience;
  readonly answer: () => void;
}

/** Hand-made calls: deletions wait until the test answers them, reading an iris answers much at once. */
class Calls {
  readonly begun: Begun[] = [];
  read = 0;

  readonly calls: PublicCalls = {
    enroll: unforeseen,
    search: unforeseen,
    verify: unforeseen,
    reauthenticate: unforeseen,
    delete: ({ serialId }, patience) =>
      new Promise((resolve) => {
        const answer = () => {
          resolve({ version: serialId % 1_000 });
        };
        this.begun.push({ serialId, patience, answer });
      }),
    getIris: ({ serialId }) => {
      if (serialId === 0) return Promise.reject(new NotFoundError('serial_id: nobody'));
      this.read += 1;
      const template = { irisCodes: LARGE_ANSWER, maskCodes: Buffer.alloc(0) };
      return Promise.resolve({ iris: { left: template, right: undefined }, version: serialId % 1_000 });
    },
    status: () => Promise.resolve(api.StatusResponse.create()),
    placement: unforeseen,
  };
}

function unforeseen(): Promise<never> {
  return Promise.reject(new Error('no test asks this'));
}

function deletion(requestId: string, serialId: number): api.ProcessRequest {
  return { requestId, request: { $case: 'delete', value: { serialId } } };
}

function reading(requestId: string, serialId: number): api.ProcessRequest {
  return { requestId, request: { $case: 'getIris', value: { serialId } } };
}

/** The error of an answer. */
function errorOf(response: api.ProcessResponse | undefined): { code: number; message: string } {
  assert.equal(response?.response?.$case, 'error');
  return response.response.value;
}

/** What the stream ends with. */
function statusOf(call: EventEmitter): Promise<StatusObject> {
  return new Promise((resolve) => {
    call.on('status', resolve);
  });
}

/** Nobody asks for it here. */
const NO_ADMIN: AdminCalls = { measureRecall: () => Promise.resolve() };

describe('the bulk stream', () => {
  let served: Calls;
  let server: Server;
  let stops: AbortController;
  let client: api.IrisPairClient;
  let stream: ClientDuplexStream<api.ProcessRequest, api.ProcessResponse>;

  beforeEach(async () => {
    served = new Calls();
    const health = new HealthImplementation({ '': 'SERVING' });
    stops = new AbortController();
    const logger = createLogger('graph', 'silent');
    server = createPublicServer(served.calls, NO_ADMIN, health, logger, undefined, undefined, stops.signal);
    const port = await listen(server, '127.0.0.1:0');
    client = new api.IrisPairClient(`127.0.0.1:${port}`, credentials.createInsecure());
    stream = client.process();
    // What a stream ends with is the concern of those tests that end it.
    stream.on('error', () => undefined);
  });
  afterEach(() => {
    stream.cancel();
    client.close();
    server.forceShutdown();
  });

  /** Reads all answers until the stream ends. */
  async function answers(): Promise<api.ProcessResponse[]> {
    const all: api.ProcessResponse[] = [];
    for await (const response of stream as AsyncIterable<api.ProcessResponse>) all.push(response);
    return all;
  }

  async function nextAnswer(): Promise<api.ProcessResponse> {
    const [response] = (await once(stream, 'data')) as [api.ProcessResponse];
    return response;
  }

  /** A call on the same connection: when it is answered, what was sent before it has arrived. */
  function roundTrip(): Promise<void> {
    return new Promise((resolve, reject) => {
      client.status({}, (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
  }

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await roundTrip();
  }

  /** Waits until the service gets no further without the test. */
  async function settled(progress: () => number): Promise<number> {
    const ENOUGH_ROUND_TRIPS = 50;
    for (;;) {
      const before = progress();
      for (let trip = 0; trip < ENOUGH_ROUND_TRIPS; trip++) await roundTrip();
      if (progress() === before) return before;
    }
  }

  it('ends with UNAVAILABLE when the service stops, once what is in work is answered; no more is begun', async () => {
    for (const serial of [1, 2]) stream.write(deletion(String(serial), serial));
    await until(() => served.begun.length === 2);
    const ended = statusOf(stream);
    stops.abort();
    stream.write(deletion('3', 3));
    await settled(() => served.begun.length);
    assert.equal(served.begun.length, 2);
    const answered: string[] = [];
    stream.on('data', ({ requestId }: api.ProcessResponse) => answered.push(requestId));
    for (const { answer } of served.begun) answer();
    const { code, details } = await ended;
    assert.deepEqual(answered, ['1', '2']);
    assert.equal(code, status.UNAVAILABLE);
    assert.match(
      details,
      /^the graph service is stopping: nothing was done for requests that have no answer/,
    );
    assert.equal(served.begun.length, 2);
  });

  it('ends with UNAVAILABLE at once when the service stops and nothing is in work', async () => {
    const ended = statusOf(stream);
    await roundTrip();
    stops.abort();
    stream.resume();
    const { code } = await ended;
    assert.equal(code, status.UNAVAILABLE);
  });

  it('answers by request id, in whatever order answers come', async () => {
    const PEOPLE = 20;
    for (let serial = 1; serial <= PEOPLE; serial++) stream.write(deletion(`id ${serial}`, serial));
    await until(() => served.begun.length === PEOPLE);
    for (const { answer } of served.begun.toReversed()) answer();
    stream.end();
    const all = await answers();
    assert.deepEqual(
      all.map(({ requestId, response }) => [
        requestId,
        response?.$case === 'delete' ? response.value.version : undefined,
      ]),
      Array.from({ length: PEOPLE }, (_, index) => [`id ${PEOPLE - index}`, PEOPLE - index]),
    );
  });

  it('reads no further while too many requests are unanswered, and one more for each that is answered', async () => {
    const REQUESTS = 3 * MOST_UNANSWERED;
    const received = answers();
    for (let serial = 1; serial <= REQUESTS; serial++) stream.write(deletion(String(serial), serial));
    stream.end();
    assert.equal(await settled(() => served.begun.length), MOST_UNANSWERED);
    served.begun[5].answer();
    assert.equal(await settled(() => served.begun.length), MOST_UNANSWERED + 1);
    for (let index = 0; index < REQUESTS; index++) {
      await until(() => served.begun.length > index);
      served.begun[index].answer();
    }
    assert.equal(new Set((await received).map(({ requestId }) => requestId)).size, REQUESTS);
  });

  it('reads no further while the client does not read, and goes on when it does', async () => {
    const REQUESTS = 10 * MOST_UNANSWERED;
    for (let serial = 1; serial <= REQUESTS; serial++) stream.write(reading(String(serial), serial));
    stream.end();
    // A client that never asks for an answer takes all there are from the connection: this one asks, and stops.
    const first = await nextAnswer();
    stream.pause();
    const unread = await settled(() => served.read);
    // Beside the requests in work, answers lie in the buffers of both ends and of the connection between them.
    assert.ok(unread > 0 && unread <= 2 * MOST_UNANSWERED, `${unread} of ${REQUESTS} were read`);
    const all = [first, ...(await answers())];
    assert.deepEqual(
      new Set(all.map(({ requestId }) => requestId)),
      new Set(Array.from({ length: REQUESTS }, (_, index) => String(index + 1))),
    );
    assert.equal(served.read, REQUESTS);
  });

  it('refuses a request id that is in work, leaves the first alone, and takes the id again afterwards', async () => {
    stream.write(deletion('same', 1));
    stream.write(deletion('same', 2));
    const refused = await nextAnswer();
    assert.equal(errorOf(refused).code, status.INVALID_ARGUMENT);
    assert.match(errorOf(refused).message, /^request_id: same is in work already/);
    stream.write(deletion('same', 3));
    assert.match(errorOf(await nextAnswer()).message, /^request_id: same is in work already/);
    assert.deepEqual(
      served.begun.map(({ serialId }) => serialId),
      [1],
    );
    served.begun[0].answer();
    assert.equal((await nextAnswer()).response?.$case, 'delete');
    stream.write(deletion('same', 4));
    await until(() => served.begun.length === 2);
    served.begun[1].answer();
    stream.end();
    const [last] = await answers();
    assert.deepEqual(last.response, { $case: 'delete', value: { version: 4 } });
  });

  it('answers what is wrong with its error, and goes on', async () => {
    const longest = 'x'.repeat(128);
    const wrong: [api.ProcessRequest, code: status, message: RegExp][] = [
      [{ requestId: 'empty', request: undefined }, status.INVALID_ARGUMENT, /^request: missing/],
      [reading('', 1), status.INVALID_ARGUMENT, /^request_id: 0 characters, 1 to 128/],
      [reading(`${longest}x`, 1), status.INVALID_ARGUMENT, /^request_id: 129 characters/],
      [reading('nobody', 0), status.NOT_FOUND, /^serial_id: nobody$/],
      [
        { requestId: 'broken', request: { $case: 'verify', value: { serialId: 1, iris: undefined } } },
        status.INTERNAL,
        /^internal error/,
      ],
    ];
    for (const [request] of wrong) stream.write(request);
    stream.write(reading(longest, 7));
    stream.end();
    const all = await answers();
    for (const [{ requestId }, code, message] of wrong) {
      const error = errorOf(all.find((response) => response.requestId === requestId));
      assert.equal(error.code, code);
      assert.match(error.message, message);
    }
    assert.equal(all.find(({ requestId }) => requestId === longest)?.response?.$case, 'getIris');
    assert.equal(all.length, wrong.length + 1);
  });

  it('ends after the last answer when the client has said everything', async () => {
    stream.write(deletion('last', 1));
    stream.end();
    const received = answers();
    await until(() => served.begun.length === 1);
    served.begun[0].answer();
    assert.equal((await received).length, 1);
    assert.deepEqual(await emptyStream(), []);
  });

  async function emptyStream(): Promise<api.ProcessResponse[]> {
    stream = client.process();
    stream.end();
    return answers();
  }

  it('tells its requests that the client went away, and outlives answers that nobody wants', async () => {
    stream.write(deletion('1', 1));
    stream.write(deletion('2', 2));
    await until(() => served.begun.length === 2);
    stream.cancel();
    await Promise.all(
      served.begun.map(async ({ patience: { signal } }) => {
        if (!signal.aborted) await once(signal, 'abort');
      }),
    );
    for (const { answer } of served.begun) answer();
    await roundTrip();
    assert.deepEqual(await emptyStream(), []);
  });
});
