/** An iris service that is stopped, not dead: its socket takes connections, and nothing is answered. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { credentials, status } from '@grpc/grpc-js';
import { askHealth } from '@irispair/common/grpc/health-check';
import { isServiceError } from '@irispair/common/grpc/status';
import { callUnary } from '@irispair/common/grpc/unary-call';
import { irisMessage } from '@irispair/common/iris/message';
import { until } from '@irispair/common/support/until';
import * as api from '@irispair/proto/public';
import { Population } from 'irispair/generate/population';
import { PairUnderTest } from './support/pair-under-test.js';

const CALL_MILLISECONDS = 240_000;
const population = new Population('silence');

describe('an iris service that is stopped', () => {
  let test: PairUnderTest;
  let client: api.IrisPairClient;
  before(async () => {
    test = await PairUnderTest.start();
    client = new api.IrisPairClient(test.address, credentials.createInsecure());
    await test.client.enroll({ iris: irisMessage(population.enrolment(population.person(1))), orList: [] });
  });
  after(async () => {
    signal('SIGCONT');
    client.close();
    await test.stop();
  });

  function signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    const pid = test.pair.pid('iris');
    if (pid !== undefined) process.kill(pid, name);
  }

  async function readyz(): Promise<{ code: number; reason: string }> {
    const answer = await fetch(`http://${test.http.graph}/readyz`);
    return { code: answer.status, reason: await answer.text() };
  }

  function search(): Promise<api.SearchResponse> {
    const iris = irisMessage(population.again(population.person(1), 1));
    return callUnary(client.search.bind(client), { iris, orList: [] }, CALL_MILLISECONDS);
  }

  it('makes the graph service say that it is not ready, and why, and fails what waits for it', async () => {
    signal('SIGSTOP');
    const asked = [search(), callUnary(client.getIris.bind(client), { serialId: 1 }, CALL_MILLISECONDS)].map(
      (answer) => codeOf(answer),
    );
    await until('it is not ready', async () => (await readyz()).code === 503);
    assert.match((await readyz()).reason, /the iris service has sent no heartbeat for 6 s: it is stopped/);
    assert.equal(await askHealth(test.address), 'NOT_SERVING');
    const { ready, irisAway } = await test.client.status();
    assert.equal(ready, false);
    assert.match(irisAway, /no heartbeat/);
    assert.equal(await codeOf(search()), status.UNAVAILABLE);
    for (const code of await Promise.all(asked))
      assert.ok([status.UNAVAILABLE, status.DEADLINE_EXCEEDED].includes(code), status[code]);
    await until('the log says that it reconnects', () =>
      test.log.some((line) => line.includes('its connections are made anew')),
    );
    assert.match((await readyz()).reason, /no heartbeat for 20 s/);
  });

  it('is joined again when it goes on, over new connections', async () => {
    signal('SIGCONT');
    await test.untilReady();
    assert.deepEqual(await readyz(), { code: 200, reason: 'ok\n' });
    assert.equal(await askHealth(test.address), 'SERVING');
    assert.equal((await search()).decision, api.Decision.DUPLICATE);
    assert.equal((await test.client.getIris(1)).version, 0);
    const metrics = await (await fetch(`http://${test.http.graph}/metrics`)).text();
    assert.match(metrics, /^irispair_hop_reconnects_total [1-9]/m);
    assert.match(metrics, /^irispair_hop_lane_open_calls\{lane="reads"\} 0$/m);
  });
});

async function codeOf(answer: Promise<unknown>): Promise<status> {
  try {
    await answer;
    return status.OK;
  } catch (error) {
    assert.ok(isServiceError(error));
    return error.code;
  }
}
