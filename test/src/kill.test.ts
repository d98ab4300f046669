import assert from 'node:assert/strict';
import { it } from 'node:test';
import { EnrollingUnderKills } from './support/enrolling-under-kills.js';
import { PairUnderTest } from './support/pair-under-test.js';

const ROUNDS = 20;

it('loses no acknowledged enrolment and doubles none when either service is killed, 20 times', async () => {
  const test = await PairUnderTest.start();
  try {
    const people = new EnrollingUnderKills('kill tests', test);
    for (let round = 0; round < ROUNDS; round++) {
      const victim = round % 2 === 0 ? 'iris' : 'graph';
      const broken = await people.round(() => test.pair.kill(victim, 'SIGKILL'));
      if (victim === 'iris') assert.deepEqual(broken, []);
      await test.startAgain(victim);
    }
    await people.check();
  } finally {
    await test.stop();
  }
});
