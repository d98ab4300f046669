/** Many who read at once, and some who do not read what they asked for: all others get their answers. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import { after, before, describe, it } from 'node:test';
import { credentials, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { deadlineIn } from '@irispair/common/grpc/unary-call';
import { irisMessage } from '@irispair/common/iris/message';
import { until } from '@irispair/common/support/until';
import * as api from '@irispair/proto/public';
import { Population } from 'irispair/generate/population';
import { PairUnderTest } from './support/pair-under-test.js';

const PEOPLE = 16;
const STREAMS = 100;
const REQUESTS_A_STREAM = 64;
/** More than may be open and wait. */
const BURST = 10_000;
const SILENT_CALLS = 6_000;
const LONGEST_MILLISECONDS = 240_000;

const population = new Population('many readers');

describe('many readers of irises', () => {
  let test: PairUnderTest;
  before(async () => {
    test = await PairUnderTest.start();
    for (let person = 0; person < PEOPLE; person++) {
      const iris = irisMessage(population.enrolment(population.person(person)));
      await test.client.enroll({ iris, orList: [] });
    }
  });
  after(() => test.stop());

  async function checkOthersAreServed(): Promise<void> {
    const iris = irisMessage(population.again(population.person(3), 1));
    assert.equal((await test.client.search({ iris, orList: [] })).decision, api.Decision.DUPLICATE);
    assert.equal((await test.client.getIris(4)).version, 0);
  }

  it('are all answered: 100 streams of 64 requests each, over one connection', async () => {
    const client = new api.IrisPairClient(test.address, credentials.createInsecure());
    try {
      const answers = await Promise.all(Array.from({ length: STREAMS }, () => readByStream(client)));
      assert.deepEqual(new Set(answers.flat()), new Set(['getIris']));
      assert.equal(answers.flat().length, STREAMS * REQUESTS_A_STREAM);
    } finally {
      client.close();
    }
    await checkOthersAreServed();
  });

  it('are each answered or refused: 10,000 calls at once', async () => {
    const client = new api.IrisPairClient(test.address, credentials.createInsecure());
    try {
      const codes = await Promise.all(Array.from({ length: BURST }, (_, call) => read(client, call)));
      const count = new Map<status, number>();
      for (const code of codes) count.set(code, (count.get(code) ?? 0) + 1);
      for (const code of count.keys())
        assert.ok([status.OK, status.RESOURCE_EXHAUSTED, status.UNAVAILABLE].includes(code), status[code]);
      assert.ok((count.get(status.OK) ?? 0) > 0);
    } finally {
      client.close();
    }
    await checkOthersAreServed();
  });

  it('and do not read the answers: others are served beside them', async () => {
    const silent = await SilentReader.connect(test.address);
    try {
      silent.ask(SILENT_CALLS);
      await until('its first answers have begun', () => silent.answersBegun > 0);
      for (let again = 0; again < 20; again++) await checkOthersAreServed();
    } finally {
      silent.close();
    }
    await checkOthersAreServed();
  });
});

/** The kinds of the answers of one bulk stream. */
async function readByStream(client: api.IrisPairClient): Promise<string[]> {
  const stream = client.process(new Metadata(), deadlineIn(LONGEST_MILLISECONDS));
  const kinds: string[] = [];
  stream.on('data', ({ response }: api.ProcessResponse) => {
    kinds.push(response?.$case === 'error' ? response.value.message : (response?.$case ?? 'nothing'));
  });
  const ended = once(stream, 'end');
  for (let request = 0; request < REQUESTS_A_STREAM; request++) {
    stream.write({
      requestId: String(request),
      request: { $case: 'getIris', value: { serialId: (request % PEOPLE) + 1 } },
    });
  }
  stream.end();
  await ended;
  return kinds;
}

function read(client: api.IrisPairClient, call: number): Promise<status> {
  return new Promise((resolve) => {
    client.getIris(
      { serialId: (call % PEOPLE) + 1 },
      new Metadata(),
      deadlineIn(LONGEST_MILLISECONDS),
      (error: ServiceError | null) => {
        resolve(error?.code ?? status.OK);
      },
    );
  });
}

/** A client that gives the server no room for any answer: its receive windows are 0. */
class SilentReader {
  answersBegun = 0;

  private constructor(private readonly session: ClientHttp2Session) {}

  static async connect(address: string): Promise<SilentReader> {
    const session = connectHttp2(`http://${address}`, { settings: { initialWindowSize: 0 } });
    await once(session, 'localSettings');
    return new SilentReader(session);
  }

  ask(calls: number): void {
    for (let call = 0; call < calls; call++) {
      const request = Buffer.from(api.GetIrisRequest.encode({ serialId: (call % PEOPLE) + 1 }).finish());
      const frame = Buffer.alloc(5);
      frame.writeUInt32BE(request.byteLength, 1);
      const stream = this.session.request({
        ':method': 'POST',
        ':path': '/irispair.v1.IrisPair/GetIris',
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      stream.on('error', () => undefined);
      stream.on('response', () => {
        this.answersBegun += 1;
      });
      stream.end(Buffer.concat([frame, request]));
    }
  }

  close(): void {
    this.session.destroy();
  }
}
