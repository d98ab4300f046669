/** What a pair tells of itself while the iris service loads a table. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { irisMessage } from '@irispair/common/iris/message';
import { TestCluster } from '@irispair/common/postgres/support/cluster';
import { until } from '@irispair/common/support/until';
import type { LoggedProgress } from '@irispair/common/log/progress-log';
import * as api from '@irispair/proto/public';
import { Population } from 'irispair/generate/population';
import { freePort } from 'irispair/pair/free-port';
import { Pair } from 'irispair/pair/pair';
import { PairUnderTest } from './support/pair-under-test.js';

const PEOPLE = 40_000;

describe('while irises are loaded', () => {
  let cluster: TestCluster;
  let url: string;
  before(async () => {
    cluster = await TestCluster.start();
    const database = await cluster.createDatabase();
    url = cluster.url({ database });
    const first = await PairUnderTest.start({ IRISPAIR_IRIS_STORE: url });
    const population = new Population('loading');
    const iris = irisMessage(population.enrolment(population.person(0)));
    const decisions: (api.Decision | undefined)[] = [];
    await first.client.process(
      [{ requestId: 'one', request: { $case: 'enroll', value: { iris, orList: [] } } }],
      ({ response }) => {
        decisions.push(response?.$case === 'enroll' ? response.value.decision : undefined);
      },
    );
    assert.deepEqual(decisions, [api.Decision.UNIQUE]);
    await first.stop();
    await cluster.sql(
      `INSERT INTO irises (id, left_code, left_mask, right_code, right_mask, version_id)
       SELECT more, left_code, left_mask, right_code, right_mask, 0
       FROM irises, generate_series(2, $1) AS more`,
      database,
      [PEOPLE],
    );
  });
  after(() => cluster.remove());

  it('the port for monitoring says how far that is, and so does the log; the service is ready only then', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'irispair-load-'));
    const http = `http://127.0.0.1:${await freePort()}`;
    const told: LoggedProgress[] = [];
    const log: string[] = [];
    const pair = Pair.start({
      directory,
      listen: `127.0.0.1:${await freePort()}`,
      environment: {
        IRISPAIR_IRIS_STORE: url,
        IRISPAIR_HTTP_LISTEN: http.slice('http://'.length),
        IRIS_STORE_INITIAL_CAPACITY: String(PEOPLE),
        IRISPAIR_STORE_LOAD_CONNECTIONS: '1',
      },
      logged: (_, line) => log.push(line),
      progress: (progress) => told.push(progress),
      died: (_, { reason }) => log.push(reason),
    });
    try {
      const seen: number[] = [];
      let reason = '';
      await until('all irises are loaded', async () => {
        const [ready, metrics] = await Promise.all([`${http}/readyz`, `${http}/metrics`].map(ask));
        const [expected, loaded] = (['expected', 'loaded'] as const).map((name) =>
          figureIn(metrics.body, name),
        );
        if (ready.code === 503 && loaded > 0 && loaded < expected) {
          reason = ready.body;
          seen.push(loaded);
        }
        return ready.code === 200 && loaded === PEOPLE;
      }).catch((error: unknown) => {
        throw new Error(`${String(error)}\n${log.join('\n')}`, { cause: error });
      });
      assert.ok(seen.length > 0, 'never seen in the midst of it');
      assert.deepEqual(
        seen,
        [...seen].sort((one, other) => one - other),
      );
      assert.equal(reason, 'loading irises\n');
      const loads = told.filter(({ task }) => task === 'loading irises');
      assert.ok(loads.length > 0);
      for (const { done, all } of loads) assert.ok(done > 0 && done < all && all === PEOPLE);
      assert.ok(log.some((line) => line.includes('irises loaded') && line.includes(`"loaded":${PEOPLE}`)));
    } finally {
      await pair.stop();
      await rm(directory, { recursive: true });
    }
  });
});

/** An answer, or code 0 while nobody listens yet. */
async function ask(url: string): Promise<{ code: number; body: string }> {
  try {
    const answer = await fetch(url);
    return { code: answer.status, body: await answer.text() };
  } catch (error) {
    if (error instanceof TypeError) return { code: 0, body: '' };
    throw error;
  }
}

function figureIn(metrics: string, name: 'expected' | 'loaded'): number {
  return Number(new RegExp(`^irispair_store_load_${name}_irises (\\d+)$`, 'm').exec(metrics)?.[1] ?? 0);
}
