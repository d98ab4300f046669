import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { TestCluster } from '@irispair/common/postgres/support/cluster';
import { irispair } from 'irispair/support/run-command';
import { Enrolling } from './support/enrolling.js';
import { PairUnderTest } from './support/pair-under-test.js';

it('a pair on a store that was exported, imported to PostgreSQL and copied back gives the same answers', async () => {
  const cluster = await TestCluster.start();
  // As large as all that is stored: every walk finds what a scan finds, whatever graph it walks.
  const test = await PairUnderTest.start({ IRISPAIR_EF: '512' });
  try {
    const people = new Enrolling('transfer', test);
    for (let round = 0; round < 4; round++) assert.deepEqual(await people.enrolSome(), []);
    await test.client.delete(7);
    await test.client.delete(30);
    const answers = () => people.answersTo(70);
    const expected = await answers();
    const { enrolled, highestSerialId } = await test.client.status();
    assert.deepEqual([enrolled, highestSerialId], [62, 64]);

    const iris = join(test.directory, 'iris');
    const file = join(test.directory, 'people.irises');
    const url = cluster.url({ database: await cluster.createDatabase() });
    const steps = [
      [['export', file, '--store', iris], iris],
      [['import', file, '--store', url], file],
      [['copy', '--from', url, '--to', iris], null],
    ] as const;
    const running = await irispair(steps[0][0]);
    assert.equal(running.code, 1);
    assert.match(running.errors, /is in use by another service: stop it/);
    await test.restart(async () => {
      await rm(join(test.directory, 'graph'), { recursive: true });
      for (const [command, done] of steps) {
        const { code, errors } = await irispair(command);
        assert.equal(code, 0, errors);
        if (done !== null) await rm(done, { recursive: true });
      }
    });
    assert.deepEqual(await answers(), expected);
    assert.deepEqual((await test.client.status()).enrolled, 62);
    assert.deepEqual(await people.enrolSome(), []);
    assert.equal((await test.client.status()).highestSerialId, 80);
  } finally {
    await test.stop();
    await cluster.remove();
  }
});
