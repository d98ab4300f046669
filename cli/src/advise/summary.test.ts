import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { madeUpMeasured, madeUpReport, type MadeUpPlacement } from '../support/made-up-advice.js';
import { REPORT } from './report.js';
import { SCENARIOS } from './scenarios.js';
import { FIGURES, summarise } from './summary.js';

const SPLIT: MadeUpPlacement = { placement: 'split', rates: [121, 118, 125, 120], p99: 60 };
const SHARED: MadeUpPlacement = { placement: 'shared', rates: [100, 99, 103, 101] };
const OFF: MadeUpPlacement = { placement: 'off', rates: [98, 97, 99, 98] };

describe('a report', () => {
  it('is what its schema says, and stays so as JSON', () => {
    for (const placements of [[SPLIT, SHARED, OFF], [SHARED, OFF], [OFF]]) {
      const report = madeUpReport(placements);
      assert.deepEqual(REPORT.parse(JSON.parse(JSON.stringify(report))), report);
    }
    const empty = summarise({ ...madeUpMeasured([OFF]), runs: [], partial: 'interrupted' });
    assert.deepEqual(REPORT.parse(JSON.parse(JSON.stringify(empty))), empty);
  });

  it('sums up every placement and scenario with every figure', () => {
    const { summaries } = madeUpReport([SPLIT, SHARED, OFF]);
    assert.equal(summaries.length, 3 * SCENARIOS.length);
    for (const { figures } of summaries) {
      assert.deepEqual(
        Object.keys(figures),
        FIGURES.map(({ name }) => name),
      );
    }
    const stress = summaries.find((one) => one.placement === 'shared' && one.scenario === 'stress');
    assert.ok(stress !== undefined);
    assert.equal(stress.figures.throughput?.mean, 100.75);
    assert.equal(stress.figures.throughput.rounds, 4);
    assert.equal(stress.figures.remoteLoads, null);
    assert.deepEqual(stress.stealsWithSlowLoop, { coefficient: 1, windows: 120 });
    assert.equal(stress.stealsWithSlowPool.coefficient, -1);
  });

  it('cuts intervals where no figure can be, those of the nodes too', () => {
    const measured = madeUpMeasured([{ ...OFF, rates: [98, 20] }]);
    const runs = measured.runs.map((run) => ({
      ...run,
      utilisation: run.round === 1 ? [0.1, 0.6] : [0.5, 0.9],
      remotePages: run.round === 1 ? 0.1 : 0.7,
    }));
    for (const { figures, utilisation } of summarise({ ...measured, runs }).summaries) {
      for (const estimate of [figures.remotePages, ...utilisation])
        assert.deepEqual([estimate?.low, estimate?.high], [0, 1]);
      assert.equal(figures.throughput?.low, 0);
      assert.ok(figures.throughput.high !== null && figures.throughput.high > 98);
    }
  });

  it('compares split with each other placement, and without split the first two', () => {
    const pairs = (placements: readonly MadeUpPlacement[]) => [
      ...new Set(madeUpReport(placements).comparisons.map(({ of, against }) => `${of}/${against}`)),
    ];
    assert.deepEqual(pairs([SPLIT, SHARED, OFF]), ['split/shared', 'split/off']);
    assert.deepEqual(pairs([SHARED, OFF]), ['shared/off']);
    assert.deepEqual(pairs([SPLIT, OFF]), ['split/off']);
    assert.deepEqual(pairs([OFF]), []);
  });

  it('pairs rounds: of those that only one placement has, no ratio is made', () => {
    const { comparisons } = madeUpReport([{ ...SPLIT, rates: [121, 118] }, SHARED]);
    for (const { change } of comparisons) assert.equal(change?.rounds, 2);
  });

  it('advises to separate when split gains, with the gain and its interval', () => {
    const { advice, comparisons } = madeUpReport([SPLIT, SHARED, OFF]);
    assert.equal(advice.verdict, 'separate');
    assert.match(advice.sentence, /gains 20\.1 % \[\+18\.1, \+22\.1\] against shared/);
    const latency = comparisons.find((one) => one.figure === 'p99' && one.against === 'off');
    assert.deepEqual([latency?.effect, latency?.better], ['gain', 'lower']);
  });

  it('advises to skip when the rounds scatter around no gain', () => {
    const { advice } = madeUpReport([{ ...SPLIT, rates: [121, 90, 108, 95], p99: 80 }, SHARED, OFF]);
    assert.equal(advice.verdict, 'skip');
    assert.match(advice.sentence, /no gain of throughput over shared and off was shown/);
  });

  it('cannot tell from one round, without split, or on one node', () => {
    assert.equal(
      madeUpReport([
        { ...SPLIT, rates: [120] },
        { ...OFF, rates: [98] },
      ]).advice.verdict,
      'cannot tell',
    );
    const leftOut = [{ placement: 'split' as const, reason: 'memory cannot be bound' }];
    const without = madeUpReport([SHARED, OFF], { leftOut });
    assert.equal(without.advice.verdict, 'cannot tell');
    assert.match(without.advice.sentence, /memory cannot be bound.*shared 100\.8 answers\/s \[.*, off 98\.0/);
    const { machine } = madeUpMeasured([OFF]);
    const oneNode = madeUpReport([SHARED, OFF], { machine: { ...machine, usableNodes: 1 } });
    assert.match(oneNode.advice.sentence, /^Cannot tell: this machine has one NUMA node/);
    assert.equal(oneNode.table.row, null);
  });
});

describe('the machine’s row', () => {
  const quiet = { stealsPerTask: 0.01, slowPolls: 0.1, remotePages: 0.05 };

  it('is that of what is not separated: off, else shared', () => {
    const busy = { stealsPerTask: 0.3, slowPolls: 0.6, remotePages: 0.5 };
    const { table } = madeUpReport([
      { ...SPLIT, ...quiet },
      { ...SHARED, ...quiet },
      { ...OFF, ...busy },
    ]);
    assert.deepEqual([table.of, table.row, table.crossNodeFrom], ['off', 'separate', 'pages']);
    const without = madeUpReport([
      { ...SPLIT, ...busy },
      { ...SHARED, ...quiet },
    ]).table;
    assert.deepEqual([without.of, without.row], ['shared', 'skip']);
    assert.deepEqual(madeUpReport([SPLIT]).table.of, null);
  });

  it('takes remote loads where perf counted them in every run', () => {
    const counted = { ...quiet, stealsPerTask: 0.1, nodeLoads: { loads: 1_000, misses: 600 } };
    const { table } = madeUpReport([{ ...OFF, ...counted }]);
    assert.equal(table.crossNodeFrom, 'loads');
    assert.equal(table.baseline.signals.crossNodeAccess, 0.6);
    assert.equal(table.baseline.columns.crossNodeAccess, 'separate');
    assert.equal(table.row, 'investigate');
  });

  it('goes on without cross-node access where the kernel tells nothing', () => {
    const { table } = madeUpReport([{ ...OFF, ...quiet, remotePages: null }]);
    assert.deepEqual([table.crossNodeFrom, table.row], [null, 'skip']);
  });

  it('is that under stress where the baseline says to run it', () => {
    const measured = madeUpMeasured([{ ...OFF, stealsPerTask: 0.1, slowPolls: 0.3, remotePages: 0.2 }]);
    const runs = measured.runs.map((run) =>
      run.scenario === 'stress'
        ? { ...run, pool: { ...run.pool, stealsPerTask: 0.4 }, slowPolls: { ...run.slowPolls, ratio: 0.9 } }
        : run,
    );
    const { table } = summarise({ ...measured, runs });
    assert.deepEqual(
      [table.baseline.row, table.stress.row, table.row],
      ['investigate', 'separate', 'separate'],
    );
  });
});
