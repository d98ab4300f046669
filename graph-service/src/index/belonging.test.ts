import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { serialId } from '@irispair/common/ids/vector-id';
import { judge, Verdict, type KnownIrises, type ServedIrises } from './belonging.js';

const [OWN, OTHER] = ['a', 'b'].map((digit) => `${digit.repeat(8)}-0000-4000-8000-000000000000`);
const GRAPH: KnownIrises = {
  place: '/srv/graph',
  irises: { storeId: OWN, commitCount: 50 },
  ids: 200,
  highest: 200,
  newer: undefined,
};
const SERVED: ServedIrises = { storeId: OWN, commitCount: 50, highest: 200 };

describe('whether a graph was built from the irises that are served', () => {
  const cases: [
    name: string,
    known: Partial<KnownIrises>,
    served: Partial<ServedIrises>,
    verdict: Verdict,
    why: RegExp,
  ][] = [
    ['keeps the graph of the same state', {}, {}, Verdict.Keep, /these irises/],
    ['keeps it under later commits', {}, { commitCount: 60, highest: 230 }, Verdict.Keep, /these irises/],
    ['keeps one that remembers none', { irises: undefined }, { highest: 230 }, Verdict.Keep, /these irises/],
    ['keeps an empty one', { ids: 0, highest: 0 }, { storeId: OTHER, highest: 0 }, Verdict.Keep, /is empty/],
    ['keeps it under a service without an identity', {}, { storeId: '' }, Verdict.Keep, /these irises/],
    [
      'builds it anew from another store',
      {},
      { storeId: OTHER },
      Verdict.BuildAnew,
      new RegExp(`the store ${OTHER}, the graph was built from the store ${OWN}`),
    ],
    [
      'builds it anew when an earlier commit is served',
      {},
      { commitCount: 49 },
      Verdict.BuildAnew,
      /at commit 49, the graph at 50: an earlier state was put back/,
    ],
    [
      'builds it anew when its own store ends earlier',
      {},
      { commitCount: 20, highest: 90 },
      Verdict.BuildAnew,
      /at commit 20/,
    ],
    [
      'builds it anew when it knows a newer version',
      { newer: serialId(7) },
      {},
      Verdict.BuildAnew,
      /serial id 7 at a newer version/,
    ],
    [
      'refuses its own store when that is empty',
      {},
      { commitCount: 0, highest: 0 },
      Verdict.Refuse,
      new RegExp(`the iris store ${OWN} is empty, but the graph in /srv/graph was built from .*up to 200`),
    ],
    [
      'refuses another store that is empty',
      {},
      { storeId: OTHER, commitCount: 0, highest: 0 },
      Verdict.Refuse,
      new RegExp(`the iris store ${OTHER} is empty, but .* the iris store ${OWN} and knows`),
    ],
    [
      'refuses another store that is shorter',
      {},
      { storeId: OTHER, highest: 199 },
      Verdict.Refuse,
      /ends at serial id 199, but .* up to 200/,
    ],
    [
      'refuses a shorter store under a graph that remembers none',
      { irises: undefined },
      { highest: 199 },
      Verdict.Refuse,
      /ends at serial id 199, but the graph in \/srv\/graph knows/,
    ],
  ];
  for (const [name, known, served, verdict, why] of cases) {
    it(name, () => {
      const judgement = judge({ ...GRAPH, ...known }, { ...SERVED, ...served });
      assert.equal(judgement.verdict, verdict);
      assert.match(judgement.why, why);
    });
  }

  it('never keeps a graph that knows an id which is not served, nor one of another store', () => {
    const highest = fc.integer({ min: 0, max: 5 });
    const point = fc.record({ storeId: fc.constantFrom(OWN, OTHER), commitCount: highest });
    fc.assert(
      fc.property(
        fc.option(point, { nil: undefined }),
        highest,
        point,
        highest,
        (irises, most, at, served) => {
          const known = { ...GRAPH, irises, ids: most, highest: most };
          const { verdict } = judge(known, { ...at, highest: served });
          const isOther = irises !== undefined && irises.storeId !== at.storeId;
          const isAhead = !isOther && irises !== undefined && irises.commitCount > at.commitCount;
          assert.equal(verdict === Verdict.Keep, most === 0 || (most <= served && !isOther && !isAhead));
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
