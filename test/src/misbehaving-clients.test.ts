/** Clients of the public port that misbehave: nobody else notices, and what they took is given back. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { after, before, describe, it } from 'node:test';
import { credentials, Metadata, status, type ClientDuplexStream, type ServiceError } from '@grpc/grpc-js';
import { connectRaw, dataFrame, GREETING } from '@irispair/common/support/raw-http2';
import { until } from '@irispair/common/support/until';
import { irisMessage } from '@irispair/common/iris/message';
import * as api from '@irispair/proto/public';
import { Population } from 'irispair/generate/population';
import { freePort } from 'irispair/pair/free-port';
import type { ServiceName } from 'irispair/pair/pair';
import { PairUnderTest } from './support/pair-under-test.js';
import { ServiceProcess } from './support/service-process.js';

const LONG_MILLISECONDS = 120_000;
const CONNECTIONS = 40;
/** Open in a graph service that has few connections. */
const FEW_FILES = 10;
const PEOPLE = 2;
const CALL_MEBIBYTES = 8;
/** Of one answer with an iris, at least. */
const IRIS_BYTES = 6_400;

type BulkStream = ClientDuplexStream<api.ProcessRequest, api.ProcessResponse>;

describe('clients that misbehave', () => {
  const population = new Population('misbehaving clients');
  let test: PairUnderTest;
  before(async () => {
    test = await PairUnderTest.start({
      IRISPAIR_MAX_CONNECTIONS: String(CONNECTIONS),
      IRISPAIR_IDLE_SECONDS: '2',
      IRISPAIR_UNREAD_SECONDS: '4',
      IRISPAIR_CALL_MEBIBYTES: String(CALL_MEBIBYTES),
      IRISPAIR_BATCH_MILLISECONDS: '300',
    });
    for (let person = 1; person <= PEOPLE; person++) {
      const iris = irisMessage(population.enrolment(population.person(person)));
      await test.client.enroll({ iris, orList: [] });
    }
  });
  after(() => test.stop());

  function pid(service: ServiceName = 'graph'): number {
    const found = test.pair.pid(service);
    if (found === undefined)
      throw new Error(`the ${service} service ended: ${test.log.slice(-5).join('\n')}`);
    return found;
  }

  const openFiles = (service?: ServiceName) => readdirSync(`/proc/${pid(service)}/fd`).length;

  async function figure(name: string): Promise<number> {
    const text = await (await fetch(`http://${test.http.graph}/metrics`)).text();
    const line = text.split('\n').find((one) => one.startsWith(`${name} `));
    return line === undefined ? NaN : Number(line.slice(name.length + 1));
  }

  /** Resolves when the service answers, whatever befell the connection before. */
  async function answers(): Promise<void> {
    const isReady = () =>
      test.client.status().then(
        ({ ready }) => ready,
        () => false,
      );
    await until('the service answers', isReady, LONG_MILLISECONDS);
  }

  const publicPort = () => Number(test.address.split(':').at(-1));
  const httpPort = () => Number(test.http.graph.split(':').at(-1));
  const told = (message: string) => test.log.filter((line) => line.includes(message));

  for (const service of ['graph', 'iris'] as const) {
    it(`leak no descriptor of the ${service} service by an error of the protocol`, async () => {
      const place = { graph: publicPort(), iris: join(test.directory, 'iris.sock') }[service];
      const before = openFiles(service);
      for (let count = 0; count < 60; count++) {
        const socket = await connectRaw(place, Buffer.concat([GREETING, dataFrame(1)]));
        socket.once('data', () => socket.destroy());
        await until('the service has noticed', () => socket.closed, LONG_MILLISECONDS);
      }
      const areFree = () => openFiles(service) <= before + FEW_FILES;
      await until('their descriptors are free', areFree, LONG_MILLISECONDS);
    });
  }

  it('are refused over the cap with one line of the log, and closed when they do nothing', async () => {
    const sockets: Socket[] = [];
    for (let count = 0; count < CONNECTIONS + 20; count++) sockets.push(await connectRaw(publicPort()));
    await until(
      'some are refused',
      async () => (await figure('irispair_connections_refused_total{port="api"}')) >= 20,
      LONG_MILLISECONDS,
    );
    await until('the idle ones are closed', () => sockets.every(({ closed }) => closed), LONG_MILLISECONDS);
    await answers();
    assert.ok((await figure('irispair_connections{port="api"}')) < CONNECTIONS);
    const lines = told('the public port is full: connections over 40 are refused');
    assert.ok(lines.length >= 1 && lines.length <= 2, lines.join('\n'));
  });

  it('take the HTTP port from nobody for long', async () => {
    const sockets: Socket[] = [];
    // A request that never ends.
    const begun = Buffer.from('GET /metrics HTTP/1.1\r\nx: y');
    for (let count = 0; count < 150; count++) sockets.push(await connectRaw(httpPort(), begun));
    await until('they are closed', () => sockets.every(({ closed }) => closed), LONG_MILLISECONDS);
    assert.ok((await figure('irispair_connections_refused_total{port="http"}')) >= 20);
    assert.equal(told('the HTTP port is full').length, 1);
  });

  it('end neither the service nor its answers when descriptors run out', async () => {
    const limits = (soft: string) => execFileSync('prlimit', [`--pid=${pid()}`, `--nofile=${soft}:`]);
    const sockets: Socket[] = [];
    limits(String(openFiles() + 5));
    try {
      for (let count = 0; count < 30; count++) sockets.push(await connectRaw(publicPort()));
      await until(
        'those without a descriptor are closed',
        () => sockets.filter(({ closed }) => closed).length > 20,
        LONG_MILLISECONDS,
      );
    } finally {
      limits('4096');
    }
    for (const socket of sockets) socket.destroy();
    await answers();
    assert.deepEqual(told('ended:'), []);
  });

  /** A bulk stream that asks for irises. */
  function bulkStream(client: api.IrisPairClient, requests: number): BulkStream {
    const stream = client.process();
    for (let number = 1; number <= requests; number++) {
      const request = { $case: 'getIris', value: { serialId: 1 + (number % PEOPLE) } } as const;
      stream.write({ requestId: String(number), request });
    }
    return stream;
  }

  it('read answers as slowly as they like, and get all of them', async () => {
    const REQUESTS = 300;
    const client = new api.IrisPairClient(test.address, credentials.createInsecure());
    const stream = bulkStream(client, REQUESTS);
    stream.end();
    const ids = new Set<string>();
    for await (const { requestId, response } of stream as AsyncIterable<api.ProcessResponse>) {
      assert.equal(response?.$case, 'getIris');
      ids.add(requestId);
      await setTimeout(10);
    }
    client.close();
    assert.equal(ids.size, REQUESTS);
  });

  it('that read no answers cost bounded memory, are ended, and leave others their answers', async () => {
    const STREAMS = 60;
    const REQUESTS = 200;
    const before = await figure('irispair_unread_calls_ended_total');
    const client = new api.IrisPairClient(test.address, credentials.createInsecure());
    const codes: (status | undefined)[] = [];
    const ended = Array.from({ length: STREAMS }, async () => {
      const stream = bulkStream(client, REQUESTS);
      // A stream that never asks for an answer takes all there are from the connection: this one asks, and stops.
      stream.once('data', () => stream.pause());
      const [error] = (await once(stream, 'error')) as [ServiceError];
      codes.push(error.code);
    });
    let most = 0;
    await until(
      'all are ended',
      async () => {
        most = Math.max(most, await figure('irispair_open_calls_bytes'));
        await test.client.getIris(1);
        return codes.length === STREAMS;
      },
      LONG_MILLISECONDS,
    );
    await Promise.all(ended);
    client.close();
    assert.deepEqual(codes, Array(STREAMS).fill(status.RESOURCE_EXHAUSTED));
    // All that was asked for would be many times the bound.
    assert.ok(STREAMS * REQUESTS * IRIS_BYTES > 8 * (CALL_MEBIBYTES << 20));
    assert.ok(most > 0 && most < 1.5 * (CALL_MEBIBYTES << 20), `${most} bytes were held`);
    assert.equal((await figure('irispair_unread_calls_ended_total')) - before, STREAMS);
    assert.ok(told('calls are ended whose client reads no answer').length >= 1);
    await until(
      'all is given back',
      async () => (await figure('irispair_open_calls')) === 0,
      LONG_MILLISECONDS,
    );
    assert.equal(await figure('irispair_open_calls_bytes'), 0);
  });

  it('lose no call of others on their connection by deadlines that pass', async () => {
    const EXPIRING = 3_000;
    const AT_ONCE = 150;
    const client = new api.IrisPairClient(test.address, credentials.createInsecure());
    const request = { iris: irisMessage(population.enrolment(population.person(1))), orList: [] };
    const search = (milliseconds: number) =>
      new Promise<status>((resolve) => {
        client.search(request, new Metadata(), { deadline: Date.now() + milliseconds }, (error) => {
          resolve(error?.code ?? status.OK);
        });
      });
    const patient: Promise<status>[] = [];
    const impatient: status[] = [];
    while (impatient.length < EXPIRING) {
      patient.push(search(LONG_MILLISECONDS), search(LONG_MILLISECONDS));
      impatient.push(...(await Promise.all(Array.from({ length: AT_ONCE }, () => search(20)))));
    }
    const ended = await Promise.all(patient);
    client.close();
    await until(
      'its connections have gone',
      async () => (await figure('irispair_connections{port="api"}')) <= 1,
      LONG_MILLISECONDS,
    );
    assert.deepEqual(ended, Array(ended.length).fill(status.OK));
    const late = impatient.filter((code) => code === status.DEADLINE_EXCEEDED).length;
    assert.ok(late > EXPIRING / 2, `${late} of ${impatient.length} calls expired`);
    for (const code of impatient)
      assert.ok(code === status.DEADLINE_EXCEEDED || code === status.OK, status[code]);
  });
});

describe('a graph service with few descriptors', () => {
  it('says at its start what it needs, and what to do', async () => {
    const launch = { command: ['prlimit', '--nofile=512:512'], place: (file: string) => file };
    const directory = '/nonexistent';
    const graph = new ServiceProcess(
      'graph',
      {
        IRISPAIR_PLACEMENT: 'off',
        IRISPAIR_IRIS_SOCKET: `${directory}/iris.sock`,
        IRISPAIR_LISTEN: `127.0.0.1:${await freePort()}`,
      },
      [],
      launch,
    );
    try {
      await until('it says so', () => graph.complaint.includes('nofile'), LONG_MILLISECONDS);
      assert.match(
        graph.complaint,
        /the limit of open files \(nofile\) is 512, and IRISPAIR_MAX_CONNECTIONS=1000 needs 1384: at most 128 connections are taken; raise the limit \(ulimit -n/,
      );
    } finally {
      graph.kill('SIGKILL');
      await graph.end();
    }
  });
});
