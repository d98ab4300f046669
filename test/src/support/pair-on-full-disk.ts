/** Run on a small disk: both stores on a disk that gets full. An assertion that fails ends it. */
import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import type * as api from '@irispair/proto/public';
import { Enrolling } from './enrolling.js';
import { PairUnderTest } from './pair-under-test.js';

const BALLAST_BYTES = 1 << 20;
const MOST_ROUNDS = 100;

const ballast = join(tmpdir(), 'ballast');
await writeFile(ballast, Buffer.alloc(BALLAST_BYTES));
const test = await PairUnderTest.start();
try {
  const people = new Enrolling('full disk', test);
  let refused: api.ProcessError[] = [];
  for (let round = 0; refused.length === 0; round++) {
    assert.ok(round < MOST_ROUNDS, 'the disk did not get full');
    refused = await people.enrolSome();
  }
  for (const { code, message } of refused) {
    assert.equal(code, status.RESOURCE_EXHAUSTED, message);
    assert.match(message, /is full, nothing was stored: free some space/);
  }
  await people.checkAllAreFound();
  await test.restart();
  await people.checkAllAreFound();
  const whenFull = people.acknowledged.size;

  await rm(ballast);
  assert.deepEqual(await people.enrolSome(), []);
  await test.restart();
  await people.checkAllAreFound();
  console.log(`full at ${whenFull} people, ${people.acknowledged.size} after some space was freed`);
} finally {
  await test.stop();
}
