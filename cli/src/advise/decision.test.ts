import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  advise,
  BORDERS,
  COLUMNS,
  effectOf,
  formatChange,
  placeInTable,
  rowOfColumn,
  ROWS,
  type Comparison,
  type Evidence,
  type Row,
} from './decision.js';
import type { Estimate } from './statistics.js';

/** A share in the middle of a row's range. */
const INSIDE: Readonly<Record<Row, readonly number[]>> = {
  skip: [0.01, 0.1, 0.05],
  investigate: [0.1, 0.3, 0.2],
  separate: [0.5, 0.6, 0.7],
};

function signals(rows: readonly (Row | null)[]) {
  const [stealRate, slowPollRatio, crossNodeAccess] = rows.map((row, column) =>
    row === null ? null : INSIDE[row][column],
  );
  return { stealRate, slowPollRatio, crossNodeAccess };
}

describe('a column of the table', () => {
  it('has its borders in the middle row', () => {
    const borders = [
      ['stealRate', 0.05, 0.15],
      ['slowPollRatio', 0.2, 0.4],
      ['crossNodeAccess', 0.1, 0.25],
    ] as const;
    for (const [column, least, most] of borders) {
      assert.deepEqual(BORDERS[column], [least, most]);
      assert.equal(rowOfColumn(column, 0), 'skip');
      assert.equal(rowOfColumn(column, least - 1e-9), 'skip');
      assert.equal(rowOfColumn(column, least), 'investigate');
      assert.equal(rowOfColumn(column, most), 'investigate');
      assert.equal(rowOfColumn(column, most + 1e-9), 'separate');
      assert.equal(rowOfColumn(column, 1), 'separate');
    }
  });

  it('never goes back to an earlier row when its share grows', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.constantFrom(...COLUMNS), share, share, (column, one, other) => {
        const [low, high] = one < other ? [one, other] : [other, one];
        assert.ok(ROWS.indexOf(rowOfColumn(column, low)) <= ROWS.indexOf(rowOfColumn(column, high)));
      }),
    );
  });
});

describe('the place in the table', () => {
  it('is the row that all columns are in', () => {
    for (const row of ROWS) {
      const placed = placeInTable(signals([row, row, row]), 2);
      assert.equal(placed.row, row);
      assert.deepEqual(placed.columns, { stealRate: row, slowPollRatio: row, crossNodeAccess: row });
    }
  });

  it('is the row of the middle one of three columns, in whatever order', () => {
    const row = fc.constantFrom(...ROWS);
    fc.assert(
      fc.property(row, row, row, (...rows) => {
        const middle = [...rows].sort((one, other) => ROWS.indexOf(one) - ROWS.indexOf(other))[1];
        assert.equal(placeInTable(signals(rows), 2).row, middle);
      }),
    );
    assert.equal(placeInTable(signals(['separate', 'separate', 'skip']), 2).row, 'separate');
    assert.equal(placeInTable(signals(['skip', 'investigate', 'separate']), 2).row, 'investigate');
  });

  it('with a column missing is where the others agree, else investigate', () => {
    for (const one of ROWS) {
      for (const other of ROWS) {
        for (const rows of [
          [one, other, null],
          [one, null, other],
          [null, one, other],
        ]) {
          assert.equal(placeInTable(signals(rows), 2).row, one === other ? one : 'investigate');
        }
      }
    }
  });

  it('is none with a single column, or none', () => {
    assert.equal(placeInTable(signals(['separate', null, null]), 2).row, null);
    const { row, reason } = placeInTable(signals([null, null, null]), 2);
    assert.deepEqual([row, reason], [null, '0 of 3 columns could be measured: too few']);
  });

  it('is none with one node, whatever the columns say', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...ROWS, null), { minLength: 3, maxLength: 3 }), (rows) => {
        const { row, reason } = placeInTable(signals(rows), 1);
        assert.deepEqual([row, reason], [null, 'one node: there is nothing to separate']);
      }),
    );
  });
});

function change(mean: number, low: number | null, high: number | null): Estimate {
  return { mean, low, high, rounds: low === null ? 1 : 5 };
}

const GAIN = change(0.2, 0.12, 0.28);
const NOTHING = change(0.02, -0.03, 0.07);
const LOSS = change(-0.1, -0.15, -0.05);

describe('an effect', () => {
  it('is shown only by an interval without zero', () => {
    assert.equal(effectOf(GAIN, 'higher'), 'gain');
    assert.equal(effectOf(GAIN, 'lower'), 'loss');
    assert.equal(effectOf(LOSS, 'higher'), 'loss');
    assert.equal(effectOf(LOSS, 'lower'), 'gain');
    assert.equal(effectOf(NOTHING, 'higher'), 'none shown');
    assert.equal(effectOf(change(0.1, 0, 0.2), 'higher'), 'none shown');
    assert.equal(effectOf(change(-0.1, -0.2, 0), 'lower'), 'none shown');
    assert.equal(effectOf(change(0.1, null, null), 'higher'), 'unknown');
    assert.equal(effectOf(null, 'higher'), 'unknown');
  });
});

function evidence(comparisons: readonly Comparison[], more: Partial<Evidence> = {}): Evidence {
  return {
    usableNodes: 2,
    splitMissing: null,
    comparisons,
    row: null,
    measuredAnyway: 'under stress shared 100.0 answers/s',
    isPartial: false,
    ...more,
  };
}

function against(throughput: Estimate | null, latency: Estimate | null = NOTHING): Comparison[] {
  return [
    { against: 'shared', throughput, latency },
    { against: 'off', throughput, latency },
  ];
}

describe('the advice', () => {
  it('is to separate when throughput gains against every other placement', () => {
    const { verdict, sentence } = advise(evidence(against(GAIN), { row: 'separate' }));
    assert.equal(verdict, 'separate');
    assert.equal(
      sentence,
      'Separate: under stress split placement gains 20.0 % [+12.0, +28.0] against shared and ' +
        'gains 20.0 % [+12.0, +28.0] against off; the table says the same.',
    );
  });

  it('is to skip, and says that no gain was shown, when an interval holds zero', () => {
    const mixed = [...against(GAIN).slice(0, 1), ...against(NOTHING).slice(1)];
    for (const comparisons of [against(NOTHING), mixed]) {
      const { verdict, sentence } = advise(evidence(comparisons, { row: 'separate' }));
      assert.equal(verdict, 'skip');
      assert.match(sentence, /^Skip: no gain of throughput over .*off was shown/);
      assert.match(sentence, /the table's row is "separate", which only expects what this has measured\.$/);
    }
  });

  it('is to skip when throughput is lost against any', () => {
    const { verdict, sentence } = advise(evidence([...against(GAIN).slice(0, 1), ...against(LOSS).slice(1)]));
    assert.equal(verdict, 'skip');
    assert.match(sentence, /loses 10\.0 % \[-15\.0, -5\.0\] against off\.$/);
  });

  it('is to investigate when only latency gains', () => {
    const { verdict, sentence } = advise(evidence(against(NOTHING, LOSS)));
    assert.equal(verdict, 'investigate');
    assert.match(sentence, /no gain of throughput .*but in the baseline its p99 changes by -10\.0 %/);
    assert.equal(advise(evidence(against(NOTHING, GAIN))).verdict, 'skip');
  });

  it('is none on one node, and says what was measured anyway', () => {
    const { verdict, sentence } = advise(evidence(against(GAIN), { usableNodes: 1 }));
    assert.equal(verdict, 'cannot tell');
    assert.match(sentence, /one NUMA node .*measured anyway: under stress shared 100\.0 answers\/s\.$/);
  });

  it('is none without split, without an interval, and without anything to compare', () => {
    const missing = advise(evidence([], { splitMissing: 'memory cannot be bound', row: 'separate' }));
    assert.equal(missing.verdict, 'cannot tell');
    assert.match(
      missing.sentence,
      /memory cannot be bound.*by the table the machine is in the row "separate"\.$/,
    );
    for (const comparisons of [[], against(null), against(change(0.3, null, null))]) {
      assert.equal(advise(evidence(comparisons)).verdict, 'cannot tell');
    }
  });

  it('says when it comes from partial results', () => {
    assert.match(
      advise(evidence(against(GAIN), { isPartial: true })).sentence,
      /^Separate \(from partial results\): /,
    );
  });

  it('is one sentence, whatever was measured', () => {
    const estimate = fc.option(
      fc
        .tuple(fc.double({ min: -0.9, max: 2, noNaN: true }), fc.boolean())
        .map(([mean, isWide]) => change(mean, mean - (isWide ? 3 : 0), mean + (isWide ? 3 : 0))),
    );
    const comparison = fc.record({
      against: fc.constantFrom('shared' as const, 'off' as const),
      throughput: estimate,
      latency: estimate,
    });
    fc.assert(
      fc.property(
        fc.array(comparison),
        fc.integer({ min: 1, max: 8 }),
        fc.boolean(),
        (comparisons, nodes, partial) => {
          const { sentence } = advise(evidence(comparisons, { usableNodes: nodes, isPartial: partial }));
          assert.match(sentence, /^[A-Z].*[^.]\.$/);
          assert.doesNotMatch(sentence, /\. /);
        },
      ),
    );
  });
});

describe('a change', () => {
  it('is told with its interval, as far as that says anything', () => {
    const change = { mean: -0.561, low: -0.12, high: 0.043, rounds: 2 };
    assert.equal(formatChange(change, 'signed'), '-56.1 % [-12.0, +4.3]');
    assert.equal(formatChange(change), '56.1 % [-12.0, +4.3]');
    assert.equal(formatChange({ ...change, low: null, high: null }, 'signed'), '-56.1 %');
    assert.equal(formatChange({ ...change, low: -1, high: 8e8 }, 'signed'), '-56.1 % [-100.0, over +900]');
  });
});
