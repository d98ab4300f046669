import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Server, ServerCredentials, status, type ServerDuplexStream } from '@grpc/grpc-js';
import { IrisPairService, Decision, type ProcessRequest, type ProcessResponse } from '@irispair/proto/public';
import { irispair } from '../support/run-command.js';

type Call = ServerDuplexStream<ProcessRequest, ProcessResponse>;

const UNIQUE: NonNullable<ProcessResponse['response']> = {
  $case: 'search',
  value: { decision: Decision.UNIQUE, matches: [] },
};

/** Answers the first request of a stream, then ends it as if all were well. */
function answerOne(call: Call): void {
  call.once('data', ({ requestId }: ProcessRequest) => {
    call.write({ requestId, response: UNIQUE });
    call.resume();
  });
  call.on('end', () => {
    call.end();
  });
}

/** Answers the first request of a stream, then ends it as a server that stops. */
function answerOneAndStop(call: Call): void {
  call.once('data', ({ requestId }: ProcessRequest) => {
    call.write({ requestId, response: UNIQUE });
    call.emit('error', { code: status.UNAVAILABLE, details: 'the service stops' });
  });
}

/** Has no room for a request when it comes first, and answers it when it comes again. */
function refuseOnce(): (call: Call) => void {
  const refused = new Set<string>();
  return (call) => {
    call.on('data', ({ requestId }: ProcessRequest) => {
      const value = { code: status.RESOURCE_EXHAUSTED, message: 'the queue is full' };
      const response = refused.has(requestId) ? UNIQUE : { $case: 'error' as const, value };
      refused.add(requestId);
      call.write({ requestId, response });
    });
    call.on('end', () => {
      call.end();
    });
  };
}

/** A service that deals with streams in one way, and its address. */
async function serving(process: (call: Call) => void): Promise<{ server: Server; address: string }> {
  const server = new Server();
  server.addService(IrisPairService, { process });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return { server, address: `127.0.0.1:${port}` };
}

describe('a bulk stream that goes wrong', () => {
  let people: string;
  before(async () => {
    people = (await irispair(['generate', '--people', '3'])).output;
  });

  it('prints what was answered before it was cut', async () => {
    const { server, address } = await serving(answerOneAndStop);
    const { code, output, errors } = await irispair(
      ['search', '--retry-for', '0', '--server', address],
      people,
    );
    server.forceShutdown();
    assert.equal(code, 3, errors);
    assert.match(output, /person-0 .* unique/);
    assert.match(errors, /^the stream was cut: the service stops$/m);
    assert.match(errors, /^1 lines answered, 0 sent without an answer, the rest of the input not sent$/m);
    assert.match(errors, /^to go on: irispair search FILE --json --resume OUTPUT/m);
  });

  it('sends a line again that was refused for want of room, and gives up when asked to', async () => {
    const { server, address } = await serving(refuseOnce());
    const again = await irispair(['search', '--json', '--server', address], people);
    assert.equal(again.code, 0, again.errors);
    assert.equal(again.output.trim().split('\n').length, 3);
    server.forceShutdown();
    const { server: other, address: there } = await serving(refuseOnce());
    const once = await irispair(['search', '--json', '--retry-for', '0', '--server', there], people);
    other.forceShutdown();
    assert.equal(once.code, 1);
    assert.match(once.errors, /line 3: the queue is full\n3 lines failed, 0 done/);
  });
});

describe('a bulk stream that ends without an answer to every line', () => {
  let address: string;
  let server: Server;
  before(async () => {
    ({ server, address } = await serving(answerOne));
  });

  after(() => {
    server.forceShutdown();
  });

  it('names the lines that were not answered, and fails', async () => {
    const people = (await irispair(['generate', '--people', '3'])).output;
    const { code, output, errors } = await irispair(['search', '--json', '--server', address], people);
    assert.equal(output.trim().split('\n').length, 1);
    assert.match(errors, /line 2: the service ended the stream without an answer/);
    assert.match(errors, /line 3: the service ended the stream without an answer/);
    assert.match(errors, /2 lines failed, 1 done/);
    assert.equal(code, 1);
  });
});
