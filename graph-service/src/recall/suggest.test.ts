import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parametersFor } from '../graph/parameters.js';
import { efsToMeasure, suggest, type MeasuredEf } from './suggest.js';
import { shareOf } from './wilson.js';

const IN_USE = { m: 32, mMax: 256, ef: 96 };

function measured(ef: number, found: number, expected = 1_000): MeasuredEf {
  return {
    ef,
    people: shareOf({ expected, found }),
    eyes: shareOf({ expected, found }),
    candidates: 10 * ef,
  };
}

describe('a suggestion', () => {
  it('keeps what reaches the target, and does not take away the margin', () => {
    const { advice, parameters } = suggest(
      [measured(48, 996), measured(96, 996), measured(192, 1_000)],
      IN_USE,
      20_000,
      0.995,
    );
    assert.deepEqual([advice, parameters], ['keep', IN_USE]);
  });

  it('is the smallest larger ef that reaches it', () => {
    const all = [measured(96, 990), measured(144, 994), measured(192, 995), measured(384, 1_000)];
    assert.deepEqual(suggest(all, IN_USE, 20_000, 0.995), {
      advice: 'ef',
      parameters: { ...IN_USE, ef: 192 },
    });
  });

  it('is the parameters of a larger size when no ef reaches it, by whichever of M and M_max grows', () => {
    const none = [measured(96, 900), measured(384, 950)];
    assert.deepEqual(suggest(none, IN_USE, 20_000, 0.995), {
      advice: 'rebuild',
      parameters: parametersFor(100_000, {}),
    });
    // Where an operator chose less than the size is given, that size's own are the next.
    const few = suggest(none, { m: 8, mMax: 16, ef: 96 }, 20_000, 0.995);
    assert.deepEqual(few.parameters, parametersFor(20_000, {}));
    const most = suggest(none, { m: 300, mMax: 600, ef: 400 }, 5_000_000, 0.995);
    assert.deepEqual(most.parameters, { m: 600, mMax: 1_024, ef: 800 });
  });

  it('is none while nobody was to be found', () => {
    assert.equal(suggest([measured(96, 0, 0)], IN_USE, 20_000, 0.995).advice, 'unknown');
  });

  it('is measured by ef from half to four times that in use, never below M, that in use among them', () => {
    assert.deepEqual(efsToMeasure(IN_USE), [48, 96, 144, 192, 288, 384]);
    assert.deepEqual(efsToMeasure({ m: 90, mMax: 180, ef: 96 }), [90, 96, 144, 192, 288, 384]);
    assert.deepEqual(efsToMeasure({ m: 2, mMax: 4, ef: 65_535 }), [32_768, 65_535]);
  });
});
