import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { idOf } from '../support/ids.js';
import type { SearchResult } from '../walk/order.js';
import { findings } from './findings.js';

function result(matches: readonly number[], others: readonly number[] = []): SearchResult {
  return {
    neighbours: [...matches, ...others].map((serial) => idOf(serial)),
    matchCount: matches.length,
    hops: 1,
    candidates: 10,
    times: { started: 0, finished: 0, onHop: 0 },
  };
}

const serials = fc.uniqueArray(fc.integer({ min: 1, max: 30 }));

describe('what walks found beside a scan', () => {
  it('is everybody who matches by both eyes, met by either walk', () => {
    const exact = [result([1, 2, 3, 4, 9]), result([4, 3, 2, 1, 8])] as const;
    const walked = [result([1, 2, 9], [4]), result([1, 3], [4])] as const;
    const found = findings(exact, walked, () => true);
    assert.deepEqual(found.people, { expected: 4, found: 3 });
    assert.deepEqual(found.eyes, { expected: 8, found: 4 });
    assert.deepEqual(found.missed, [idOf(4)]);
  });

  it('leaves out who does not count, and agrees with counting one by one', () => {
    fc.assert(
      fc.property(fc.tuple(serials, serials, serials, serials, serials), ([a, b, c, d, gone]) => {
        const found = findings(
          [result(a), result(b)],
          [result(c), result(d)],
          (id) => !gone.includes(id.serialId),
        );
        const expected = a.filter((serial) => b.includes(serial) && !gone.includes(serial));
        const missed = expected.filter((serial) => !c.includes(serial) && !d.includes(serial));
        assert.deepEqual(
          found.missed.map(({ serialId }) => Number(serialId)),
          missed,
        );
        assert.deepEqual(found.people, { expected: expected.length, found: expected.length - missed.length });
        const eyes = [...c, ...d].filter((serial) => expected.includes(serial)).length;
        assert.deepEqual(found.eyes, { expected: 2 * expected.length, found: eyes });
      }),
    );
  });
});
