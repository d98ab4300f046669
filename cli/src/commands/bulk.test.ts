import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { IrisPairService, Decision, type ProcessRequest, type ProcessResponse } from '@irispair/proto/public';
import { irispair } from '../support/run-command.js';

/** Answers the first request of a stream, then ends it as if all were well. */
function answerOne(call: ServerDuplexStream<ProcessRequest, ProcessResponse>): void {
  call.once('data', ({ requestId }: ProcessRequest) => {
    const value = { decision: Decision.UNIQUE, matches: [] };
    call.write({ requestId, response: { $case: 'search', value } });
    call.resume();
  });
  call.on('end', () => {
    call.end();
  });
}

describe('a bulk stream that ends without an answer to every line', () => {
  let address: string;
  let server: Server;
  before(async () => {
    server = new Server();
    server.addService(IrisPairService, { process: answerOne });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
    address = `127.0.0.1:${port}`;
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
