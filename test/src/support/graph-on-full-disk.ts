/** Run on a small disk: the graph's store on a disk that is full. An assertion that fails ends it. */
import assert from 'node:assert/strict';
import { appendFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Enrolling } from './enrolling.js';
import { PairUnderTest } from './pair-under-test.js';

const BALLAST_STEP_BYTES = 4 << 10;

const smallDisk = tmpdir();
const ballast = join(smallDisk, 'ballast');
// All but the graph's store lies beside the small disk.
process.env.TMPDIR = dirname(smallDisk);

const test = await PairUnderTest.start();
try {
  await moveGraphStore();
  const people = new Enrolling('full disk of the graph', test);
  assert.deepEqual(await people.enrolSome(), []);
  await fillDisk();
  for (let round = 0; round < 4; round++) {
    assert.deepEqual(await people.enrolSome(), []);
    const { ready } = await test.client.status();
    assert.ok(ready, 'a graph that cannot be saved must serve on');
  }
  await people.checkAllAreFound();
  // What was not saved is caught up, on a disk that is still full.
  await test.restart();
  await people.checkAllAreFound();
  assert.deepEqual(await people.enrolSome(), []);

  await rm(ballast);
  assert.deepEqual(await people.enrolSome(), []);
  await test.restart();
  await people.checkAllAreFound();
  console.log(`${people.acknowledged.size} people`);
} finally {
  await test.stop();
}

/** Has the graph service keep its store on the small disk. */
async function moveGraphStore(): Promise<void> {
  await test.pair.kill('graph', 'SIGTERM');
  const store = join(dirname(test.pair.socket), 'graph');
  await rm(store, { recursive: true });
  await symlink(smallDisk, store);
  test.pair.startService('graph');
  await test.untilReady();
}

async function fillDisk(): Promise<void> {
  for (;;) {
    try {
      await appendFile(ballast, Buffer.alloc(BALLAST_STEP_BYTES));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return;
      throw error;
    }
  }
}
