import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Turns } from './turns.js';

describe('turns', () => {
  it('run one task at a time in the order of asking, each with its own end', async () => {
    const scheduled = fc.tuple(fc.scheduler(), fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }));
    await fc.assert(
      fc.asyncProperty(scheduled, async ([scheduler, successes]) => {
        const turns = new Turns();
        const started: number[] = [];
        let running = 0;
        const taken = successes.map((succeeds, place) =>
          turns.take(async () => {
            started.push(place);
            running += 1;
            assert.equal(running, 1);
            await scheduler.schedule(Promise.resolve());
            running -= 1;
            if (!succeeds) throw new Error(`task ${place} failed`);
            return place;
          }),
        );
        const settled = Promise.allSettled(taken);
        await scheduler.waitFor(settled);
        assert.deepEqual(
          started,
          successes.map((_, place) => place),
        );
        (await settled).forEach((result, place) => {
          assert.equal(result.status === 'fulfilled', successes[place]);
          if (result.status === 'fulfilled') assert.equal(result.value, place);
          else assert.match(String(result.reason), new RegExp(`task ${place} failed`));
        });
      }),
      { numRuns: 50 },
    );
  });
});
