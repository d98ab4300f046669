import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { Registry } from 'prom-client';
import { unknownMemory } from '../placement/memory-count.js';
import type { MemoryCount, ServiceReport, ThreadReport } from '../placement/report.js';
import type { NumaNode } from '../placement/topology.js';
import { showHugepages, showPlacement } from './placement-metrics.js';

function thread(threadId: number, cpuMigrations: number | null, lastNode: number | null = 0): ThreadReport {
  return {
    threadId,
    name: `thread ${threadId}`,
    allowedCpus: '0-3',
    lastCpu: 0,
    lastNode,
    cpuMigrations,
    nodeMigrations: 0,
    voluntarySwitches: 0,
    involuntarySwitches: 0,
  };
}

function onNodes(nodes: [number, number][]): MemoryCount {
  return { kind: 'counted', nodes: new Map(nodes), notBackedBytes: 0, interval: 1 };
}

function report(threads: ThreadReport[]): ServiceReport {
  return {
    service: 'iris',
    processId: 1,
    placement: 'split',
    reason: 'for a test',
    splitAsked: false,
    node: 1,
    cpus: [2, 3],
    memoryNodes: [2],
    threads,
    nodeMigrations: 4,
    memory: {
      own: onNodes([[2, 10]]),
      parts: [
        {
          use: 'left irises',
          count: onNodes([
            [0, 3],
            [2, 7],
          ]),
          segments: [],
        },
        { use: 'right irises', count: unknownMemory('refused'), segments: [] },
        { use: 'rest', count: onNodes([[1, 5]]), segments: [] },
      ],
      mappedFiles: onNodes([[0, 9]]),
    },
    residentBytes: 0,
    cpuMicroseconds: 0,
  };
}

describe('placement as metrics', () => {
  let registry: Registry;
  let now: number;
  beforeEach(() => {
    registry = new Registry();
    now = 0;
    mock.method(performance, 'now', () => now);
  });
  afterEach(() => {
    mock.restoreAll();
  });

  async function samplesOf(metric: string): Promise<string[]> {
    const text = await registry.metrics();
    return text.split('\n').filter((line) => line.startsWith(`${metric} `) || line.startsWith(`${metric}{`));
  }

  it('tells of memory on nodes that are wanted and on others, of nothing that is not known', async () => {
    showPlacement(registry, () => Promise.resolve(report([thread(1, 5, 1), thread(2, 5, null)])));
    assert.deepEqual(await samplesOf('irispair_memory_bytes'), [
      'irispair_memory_bytes{use="left_irises",node="0",wanted="no"} 3',
      'irispair_memory_bytes{use="left_irises",node="2",wanted="yes"} 7',
      'irispair_memory_bytes{use="rest",node="1",wanted="yes"} 5',
      'irispair_memory_bytes{use="mapped_files",node="0",wanted="no"} 9',
    ]);
    assert.deepEqual(await samplesOf('irispair_threads'), [
      'irispair_threads{node="1"} 1',
      'irispair_threads{node="unknown"} 1',
    ]);
    assert.deepEqual(await samplesOf('job_numa_migrations'), ['job_numa_migrations 4']);
  });

  it('asks the kernel once a minute, and keeps the node of the start', async () => {
    let asked = 0;
    showPlacement(registry, () => {
      asked += 1;
      return Promise.resolve(report([thread(1, 5, asked)]));
    });
    await Promise.all([registry.metrics(), registry.metrics()]);
    now += 59_000;
    await registry.metrics();
    assert.equal(asked, 1);
    now += 2_000;
    assert.deepEqual(await samplesOf('job_start_numa_node'), ['job_start_numa_node 1']);
    assert.equal(asked, 2);
  });

  it('asks again after a failure', async () => {
    let asked = 0;
    showPlacement(registry, () => {
      asked += 1;
      return asked === 1 ? Promise.reject(new Error('not now')) : Promise.resolve(report([thread(1, 5)]));
    });
    await assert.rejects(registry.metrics(), /not now/);
    assert.deepEqual(await samplesOf('job_cpu_migrations'), ['job_cpu_migrations 5']);
  });

  it('adds migrations up over threads that end and ids that are given again', async () => {
    const seen = [
      [thread(1, 10), thread(2, 20)],
      [thread(1, 12)],
      [thread(1, 12), thread(2, 3)],
      [thread(1, 12), thread(2, 2)],
    ];
    const counted: string[] = [];
    showPlacement(registry, () => Promise.resolve(report(seen[counted.length])));
    for (const [round] of seen.entries()) {
      now = round * 61_000;
      counted.push(...(await samplesOf('job_cpu_migrations')));
    }
    assert.deepEqual(
      counted,
      [30, 32, 35, 37].map((moves) => `job_cpu_migrations ${moves}`),
    );
  });

  it('shows no migrations where the kernel counts none', async () => {
    showPlacement(registry, () => Promise.resolve(report([thread(1, null)])));
    assert.deepEqual(await samplesOf('job_cpu_migrations'), []);
  });

  it('shows the hugepages of every node, and the use of node 1 where that has some', async () => {
    const node = (id: number, total: number, free: number): NumaNode => ({
      id,
      cpus: [],
      allCpus: [],
      memoryAllowed: true,
      memoryBytes: 0,
      freeBytes: 0,
      hugepages2Mb: { total, free },
      distances: [],
    });
    let nodes = [node(0, 0, 0), node(1, 8, 2)];
    showHugepages(registry, () => nodes);
    assert.deepEqual(await samplesOf('hugepages_total_2mb'), [
      'hugepages_total_2mb{node="0"} 0',
      'hugepages_total_2mb{node="1"} 8',
    ]);
    assert.deepEqual(await samplesOf('hugepages_free_2mb'), [
      'hugepages_free_2mb{node="0"} 0',
      'hugepages_free_2mb{node="1"} 2',
    ]);
    assert.deepEqual(await samplesOf('hugepage_utilization_numa1'), ['hugepage_utilization_numa1 0.75']);
    for (const others of [[node(0, 4, 0)], [node(0, 4, 0), node(1, 0, 0)]]) {
      nodes = others;
      assert.deepEqual(await samplesOf('hugepage_utilization_numa1'), []);
    }
  });
});
