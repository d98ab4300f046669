import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { durationsOf, formatDuration, planRounds, secondsOf } from './plan.js';
import { PLACEMENTS, SCENARIOS } from './scenarios.js';

describe('the plan', () => {
  it('measures every placement and scenario once a round', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 7 }),
        fc.subarray([...PLACEMENTS], { minLength: 1 }),
        (rounds, placements) => {
          const runs = planRounds(rounds, placements, durationsOf(30)).flatMap((pair) => pair.runs);
          const seen = new Set(
            runs.map(({ round, placement, scenario }) => `${round} ${placement} ${scenario}`),
          );
          assert.equal(seen.size, runs.length);
          assert.equal(runs.length, rounds * placements.length * SCENARIOS.length);
        },
      ),
    );
  });

  it('goes round by round, and begins each with another placement', () => {
    const pairs = planRounds(3, PLACEMENTS, durationsOf(30));
    const firsts = [1, 2, 3].map((round) => pairs.find(({ runs }) => runs[0].round === round)?.placement);
    assert.deepEqual(firsts, ['split', 'shared', 'off']);
    const rounds = pairs.map(({ runs }) => runs[0].round);
    assert.deepEqual(rounds, [...rounds].sort());
  });

  it('shares the third scenario between its halves', () => {
    const runs = planRounds(1, ['off'], durationsOf(300)).flatMap((pair) => pair.runs);
    assert.deepEqual(
      runs.map(({ scenario, seconds }) => [scenario, seconds]),
      [
        ['baseline', 300],
        ['stress', 300],
        ['iris-heavy', 150],
        ['graph-heavy', 150],
      ],
    );
  });

  it('tells a time that is not below what the scenarios take', () => {
    const durations = durationsOf(300);
    const pairs = planRounds(5, PLACEMENTS, durations);
    const seconds = secondsOf(pairs, PLACEMENTS, durations);
    assert.ok(seconds > 5 * 3 * 3 * 300 && seconds < 1.1 * 5 * 3 * 3 * 300, String(seconds));
    assert.equal(formatDuration(5 * 3 * 3 * 300), '3 h 45 min');
    assert.equal(formatDuration(61), '61 s');
    assert.equal(formatDuration(3_599), '1 h 0 min');
    assert.equal(formatDuration(700), '12 min');
  });
});
