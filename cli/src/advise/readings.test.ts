import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { movesBetween, ThreadTimes } from './looks.js';
import { MetricsText } from './metrics-text.js';
import { parsePerf, whyNotCounted } from './perf.js';

describe('metrics', () => {
  const metrics = new MetricsText(
    [
      '# HELP pool_tasks_total Tasks',
      '# TYPE pool_tasks_total counter',
      'pool_tasks_total{side="left"} 3',
      'pool_tasks_total{side="right"} 4.5e1',
      'stage_seconds_sum{stage="queue",note="a \\"b\\" {c}"} 0.25',
      'hops_total 7',
      '',
    ].join('\n'),
  );

  it('are summed over labels, or for some of them', () => {
    assert.equal(metrics.sum('pool_tasks_total'), 48);
    assert.equal(metrics.sum('pool_tasks_total', { side: 'left' }), 3);
    assert.equal(metrics.sum('pool_tasks_total', { side: 'middle' }), 0);
    assert.equal(metrics.sum('stage_seconds_sum', { stage: 'queue' }), 0.25);
    assert.equal(metrics.sum('hops_total'), 7);
  });

  it('that are missing are told by name', () => {
    assert.throws(() => metrics.sum('steals'), /shows no steals/);
  });
});

describe('CPU time by node', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'irispair-times-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  function thread(id: number, figures: { cpu: number; ticks: number; started?: number }): void {
    const task = join(directory, 'task', String(id));
    mkdirSync(task, { recursive: true });
    const fields = Array.from({ length: 50 }, () => '0');
    fields[11] = String(figures.ticks);
    fields[19] = String(figures.started ?? 1);
    fields[36] = String(figures.cpu);
    writeFileSync(join(task, 'stat'), `${id} (worker) ${fields.join(' ')}\n`);
  }

  it('counts what was spent since it was first read, where each thread ran last', () => {
    thread(1, { cpu: 0, ticks: 500 });
    thread(2, { cpu: 4, ticks: 100 });
    const times = new ThreadTimes(directory, (cpu) => (cpu > 7 ? null : Math.floor(cpu / 4)));
    assert.deepEqual(
      times.read(),
      new Map([
        [0, 0],
        [1, 0],
      ]),
    );
    thread(1, { cpu: 0, ticks: 600 });
    thread(2, { cpu: 5, ticks: 150 });
    assert.deepEqual(
      times.read(),
      new Map([
        [0, 1],
        [1, 0.5],
      ]),
    );
    // One moves to the other node, one is a new thread with an old id, one runs on a CPU of no node.
    thread(1, { cpu: 6, ticks: 700 });
    thread(2, { cpu: 1, ticks: 20, started: 9 });
    thread(3, { cpu: 9, ticks: 1_000 });
    assert.deepEqual(
      times.read(),
      new Map([
        [0, 1.2],
        [1, 1.5],
      ]),
    );
  });
});

describe('moves between CPUs', () => {
  it('are those since the first reading, of threads that are there', () => {
    const before = new Map([
      [1, 10],
      [2, 5],
      [3, 7],
    ]);
    const after = new Map([
      [1, 14],
      // Another thread with the same id.
      [2, 2],
      [4, 3],
    ]);
    assert.equal(movesBetween(before, after), 4 + 2 + 3);
    assert.equal(movesBetween(null, after), null);
    assert.equal(movesBetween(before, null), null);
  });
});

describe('perf', () => {
  it('is read where it counts', () => {
    const text = '12345;;node-loads:u;1000;100.00;;\n678;;node-load-misses:u;1000;100.00;;\n';
    assert.deepEqual(
      [...parsePerf(text)],
      [
        ['node-loads', 12_345],
        ['node-load-misses', 678],
      ],
    );
    assert.equal(whyNotCounted(text), null);
  });

  it('says why it does not', () => {
    const unsupported =
      '<not supported>;;node-loads;0;100.00;;\n<not supported>;;node-load-misses;0;100.00;;\n';
    assert.equal(whyNotCounted(unsupported), 'perf counts no node-loads here: not supported');
    const forbidden = 'Error:\nAccess to performance monitoring and observability operations is limited.\n';
    assert.match(
      whyNotCounted(forbidden) ?? '',
      /^perf counts no node-loads here: Error: Access to .* is limited/,
    );
    assert.equal(whyNotCounted(''), 'perf counts no node-loads here: no answer');
  });
});
