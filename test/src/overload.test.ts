/**
 * More is asked of a pair than it can do: what it cannot answer in time it refuses and does no work for, and a caller with
 * one request does not wait for those who send many.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { credentials, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { retryMillisecondsOf } from '@irispair/common/grpc/error-details';
import { irisMessage } from '@irispair/common/iris/message';
import { patientDeadline } from '@irispair/common/support/patience';
import { until } from '@irispair/common/support/until';
import * as api from '@irispair/proto/public';
import { Population } from 'irispair/generate/population';
import { PairUnderTest } from './support/pair-under-test.js';

const BATCH = 4;
const GREEDY = 6;
const REQUESTS_A_STREAM = 64;
/** So many are asked at once with patience, then several times as many with a deadline that does for these. */
const POSSIBLE = 60;
const TIMES_TOO_MANY = 5;

const population = new Population('more than can be done');
const iris = irisMessage(population.enrolment(population.person(1)));

/** How a search ended. */
interface Ended {
  readonly code: status;
  readonly error: ServiceError | null;
}

describe('a pair of which too much is asked', () => {
  let test: PairUnderTest;
  const clients: api.IrisPairClient[] = [];
  before(async () => {
    test = await PairUnderTest.start({ IRISPAIR_BATCH_SIZE: String(BATCH), IRISPAIR_AUDIT_SHARE: '0' });
    await test.client.enroll({ iris, orList: [] });
  });
  after(async () => {
    for (const client of clients) client.close();
    await test.stop();
  });

  /** A client with a connection of its own. */
  function connect(): api.IrisPairClient {
    const client = new api.IrisPairClient(test.address, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
    });
    clients.push(client);
    return client;
  }

  function search(client: api.IrisPairClient, deadline: number): Promise<Ended> {
    return new Promise((resolve) => {
      client.search({ iris, orList: [] }, new Metadata(), { deadline }, (error) => {
        resolve({ code: error?.code ?? status.OK, error });
      });
    });
  }

  /** The sum of a metric of the graph service over its labels, those that match. */
  async function figure(name: string, labels = /(?:)/): Promise<number> {
    const text = await (await fetch(`http://${test.http.graph}/metrics`)).text();
    const samples = text.split('\n').filter((line) => /^\w*/.exec(line)?.[0] === name);
    const lines = samples.filter((line) => labels.test(line));
    assert.ok(lines.length > 0, name);
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  it('answers a lone caller between the requests of those who sent hundreds before', async () => {
    let answered = 0;
    const streams = Array.from({ length: GREEDY }, () => {
      const stream = connect().process();
      const ended = new Promise<void>((resolve, reject) => {
        stream.on('end', resolve).on('error', reject);
      });
      stream.on('data', ({ response }: api.ProcessResponse) => {
        assert.equal(response?.$case, 'search');
        answered += 1;
      });
      for (let request = 0; request < REQUESTS_A_STREAM; request++) {
        stream.write({
          requestId: String(request),
          request: { $case: 'search', value: { iris, orList: [] } },
        });
      }
      stream.end();
      return ended;
    });
    await until('the first are answered', () => answered > 0);
    const { code } = await search(connect(), patientDeadline());
    const before = answered;
    assert.equal(code, status.OK);
    await Promise.all(streams);
    assert.equal(answered, GREEDY * REQUESTS_A_STREAM);
    assert.ok(before < answered / 2, `${before} of ${answered} came before it`);
  });

  it('refuses what it cannot answer in time, says when to come again, and searches only what it took', async () => {
    const client = connect();
    const began = performance.now();
    const all = (count: number, deadline: number) =>
      Promise.all(Array.from({ length: count }, () => search(client, deadline)));
    const patient = await all(POSSIBLE, patientDeadline());
    assert.deepEqual(new Set(patient.map(({ code }) => code)), new Set([status.OK]));
    const enough = performance.now() - began;

    const hasty = await all(TIMES_TOO_MANY * POSSIBLE, Date.now() + enough);
    const refused = hasty.filter(({ code }) => code === status.RESOURCE_EXHAUSTED);
    for (const { error } of refused) {
      assert.match(String(error?.details), /try again in \d+ ms$/);
      assert.ok((retryMillisecondsOf(error) ?? 0) >= 50);
    }
    assert.ok(refused.length > 0, 'none was refused');
    assert.ok(
      hasty.some(({ code }) => code === status.OK),
      'none was answered',
    );
    for (const { code } of hasty) {
      assert.ok(
        [status.OK, status.RESOURCE_EXHAUSTED, status.DEADLINE_EXCEEDED].includes(code),
        status[code],
      );
    }

    await until('nothing waits', async () => (await figure('irispair_waiting_requests')) === 0);
    assert.equal((await search(connect(), patientDeadline())).code, status.OK);
    const turned = await figure('irispair_requests_turned_away_total');
    const decided = await figure('irispair_batch_requests_sum');
    const came = await figure('irispair_request_duration_seconds_count', /method="(Search|Enroll)"/);
    assert.equal(turned + decided, came);
    assert.ok(turned >= refused.length);
  });
});
