/** A pair that is stopped under load: what it has taken is answered, the rest hears why, and one service goes after the other. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { credentials, Metadata, status, type StatusObject } from '@grpc/grpc-js';
import { irisMessage } from '@irispair/common/iris/message';
import { patientDeadline } from '@irispair/common/support/patience';
import { until } from '@irispair/common/support/until';
import * as api from '@irispair/proto/public';
import { Population } from 'irispair/generate/population';
import { PairUnderTest } from './support/pair-under-test.js';

const CALLS = 60;

const population = new Population('a pair that stops');
const iris = irisMessage(population.enrolment(population.person(1)));

describe('a pair that stops', () => {
  let test: PairUnderTest;
  let client: api.IrisPairClient;
  before(async () => {
    test = await PairUnderTest.start({ IRISPAIR_BATCH_SIZE: '2' });
    client = new api.IrisPairClient(test.address, credentials.createInsecure());
    await test.client.enroll({ iris, orList: [] });
  });
  after(async () => {
    client.close();
    await test.stop();
  });

  it('answers what it has taken or says UNAVAILABLE, however often it is told to stop', async () => {
    const stream = client.process();
    let ended: StatusObject | undefined;
    stream.on('status', (told: StatusObject) => {
      ended = told;
    });
    stream.on('error', () => undefined);
    stream.on('data', () => undefined);
    stream.write({ requestId: 'first', request: { $case: 'search', value: { iris, orList: [] } } });
    await once(stream, 'data');

    let answered = 0;
    const calls = Array.from(
      { length: CALLS },
      () =>
        new Promise<status>((resolve) => {
          client.search({ iris, orList: [] }, new Metadata(), { deadline: patientDeadline() }, (error) => {
            answered += 1;
            resolve(error?.code ?? status.OK);
          });
        }),
    );
    await until('the first are answered', () => answered > 0);
    const graph = test.pair.pid('graph') ?? assert.fail('the graph service is gone');
    process.kill(graph, 'SIGTERM');
    await until('the bulk stream ends', () => ended !== undefined);
    if (test.pair.pid('graph') !== undefined) process.kill(graph, 'SIGTERM');

    assert.equal(ended?.code, status.UNAVAILABLE);
    assert.match(ended.details, /^the graph service is stopping: /);
    const codes = await Promise.all(calls);
    for (const one of codes) assert.ok([status.OK, status.UNAVAILABLE].includes(one), status[one]);
    await until('the graph service is gone', () => test.pair.pid('graph') === undefined);
    assert.ok(test.log.includes('[graph] ended: exit code 0'), test.log.slice(-5).join('\n'));
  });

  it('stops the graph service before the iris service', async () => {
    await test.startAgain('graph');
    const before = test.log.length;
    await test.pair.stop();
    const stopped = () =>
      test.log.slice(before).flatMap((line) => /(graph|iris) service stopped/.exec(line)?.[1] ?? []);
    await until('both have said that they stopped', () => stopped().length === 2);
    assert.deepEqual(stopped(), ['graph', 'iris']);
  });
});
