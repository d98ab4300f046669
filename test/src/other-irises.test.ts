/** A graph store under irises that it was not built from. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { cp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { until } from '@irispair/common/support/until';
import { LmdbIrisStore } from '@irispair/iris-service/store/lmdb-iris-store';
import { Enrolling } from './support/enrolling.js';
import { PairUnderTest } from './support/pair-under-test.js';

const ANEW = 'the graph is built anew';

it('a graph is built anew under other irises or an earlier state of its own, and refused under none', async () => {
  // As large as all that is stored: every walk over a sound graph finds what a scan finds.
  const test = await PairUnderTest.start({ IRISPAIR_EF: '512' });
  const place = (name: string) => join(test.directory, name);
  const move = (from: string, to: string) => rename(place(from), place(to));
  const linesOf = (message: string) => test.log.filter((line) => line.includes(message));
  const nodes = async () => (await test.client.status()).graph?.nodes;
  try {
    const first = new Enrolling('first irises', test);
    for (let round = 0; round < 2; round++) assert.deepEqual(await first.enrolSome(), []);
    const { storeId: firstId } = await test.client.status();
    await test.restart(async () => {
      await move('iris', 'first-iris');
      await move('graph', 'first-graph');
    });
    const second = new Enrolling('second irises', test);
    for (let round = 0; round < 3; round++) assert.deepEqual(await second.enrolSome(), []);
    const { storeId: secondId } = await test.client.status();
    assert.match(secondId, /^[0-9a-f-]{36}$/);
    assert.notEqual(secondId, firstId);
    assert.deepEqual(linesOf(ANEW), []);

    await test.restart(async () => {
      await move('graph', 'second-graph');
      await move('first-graph', 'graph');
    });
    assert.match(
      linesOf(ANEW).join(),
      new RegExp(
        `the irises are those of the store ${secondId}, the graph was built from the store ${firstId}`,
      ),
    );
    await second.checkAllAreFound();
    assert.equal(await nodes(), second.acknowledged.size);

    const lost = new Enrolling('lost with the backup', test);
    await test.restart(() => cp(place('iris'), place('backup'), { recursive: true }));
    assert.equal(linesOf(ANEW).length, 1, 'a graph that was built anew is kept at the next start');
    assert.deepEqual(await lost.enrolSome(), []);
    await test.restart(async () => {
      await rm(place('iris'), { recursive: true });
      await move('backup', 'iris');
    });
    assert.match(
      linesOf(ANEW)[1],
      /the iris store is at commit \d+, the graph at \d+: an earlier state was put back/,
    );
    await second.checkAllAreFound();
    assert.equal(await nodes(), second.acknowledged.size);

    await test.pair.kill('iris', 'SIGKILL');
    await move('iris', 'second-iris');
    test.pair.startService('iris');
    await until('a place without a store is refused', () => linesOf('ended: exit code 2').length === 1);
    assert.match(linesOf('there is no iris store in').join(), /correct IRISPAIR_IRIS_STORE.*give --create/);
    assert.equal(existsSync(place('iris')), false);
    const empty = await LmdbIrisStore.open(place('iris'), {
      mode: 'plain',
      party: null,
      formatVersion: 1,
      columns: 200,
    });
    await empty.close();
    test.pair.startService('iris');
    await until('the graph service refuses the empty store', async () => {
      const { ready, irisAway } = await test.client.status();
      return !ready && irisAway.includes('is empty');
    });
    const { irisAway } = await test.client.status();
    assert.match(irisAway, /the iris store [0-9a-f-]{36} is empty, but the graph in .*graph was built from/);
    assert.match(
      irisAway,
      /knows serial ids up to 48: those people would not be found\. Correct IRISPAIR_IRIS_STORE/,
    );
    await test.pair.kill('iris', 'SIGTERM');
    await rm(place('iris'), { recursive: true });
    await move('second-iris', 'iris');
    await test.startAgain('iris');
    await second.checkAllAreFound();
  } finally {
    await test.stop();
  }
});
