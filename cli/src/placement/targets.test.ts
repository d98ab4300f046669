import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as placement from '@irispair/proto/placement';
import type { PlacementResponse } from '@irispair/proto/public';
import {
  graphService,
  irises,
  irisService,
  memory,
  MIB,
  oneNode,
  segment,
  thread,
  twoNodes,
  untold,
} from '../support/made-up-placement.js';
import { checkTargets, type Target, type TargetResult } from './targets.js';

function result(report: PlacementResponse, of: TargetResult['of'], target: Target): TargetResult {
  const found = checkTargets(report).find((one) => one.of === of && one.target === target);
  assert.ok(found !== undefined);
  return found;
}

function withGraph(more: Partial<placement.ServiceReport>): PlacementResponse {
  return twoNodes({ services: [graphService(more), irisService()] });
}

function withIris(more: Partial<placement.ServiceReport>): PlacementResponse {
  return twoNodes({ services: [graphService(), irisService(more)] });
}

function missed(report: PlacementResponse): string[] {
  return checkTargets(report)
    .filter(({ verdict }) => verdict === 'missed')
    .map(({ of, target }) => `${of}: ${target}`);
}

describe('the targets of a split pair', () => {
  it('are all met by a pair that is where it should be', () => {
    const results = checkTargets(twoNodes());
    assert.equal(results.length, 9);
    for (const { verdict, remedy, found } of results) assert.deepEqual([verdict, remedy], ['met', ''], found);
  });

  const shares: [local: number, remote: number, missed: string[], told: RegExp][] = [
    [9_001, 999, [], /^90\.0 %/],
    [9_000, 1_000, ['graph: remote memory'], /^90\.0 %/],
    [8_000, 2_000, ['graph: remote memory'], /^80\.0 %/],
    [7_999, 2_001, ['graph: local memory', 'graph: remote memory'], /^79\.9 %/],
  ];
  for (const [local, remote, expected, told] of shares) {
    it(`of memory: ${local} local pages and ${remote} remote ones miss ${expected.join(', ') || 'none'}`, () => {
      const report = withGraph({ ownMemory: memory({ 0: local * 4_096, 1: remote * 4_096 }) });
      assert.deepEqual(missed(report), expected);
      assert.match(result(report, 'graph', 'local memory').found, told);
    });
  }

  it('of memory name the parts that are elsewhere, the largest first, and the remedy', () => {
    const report = withGraph({
      ownMemory: memory({ 0: 100 * MIB, 1: 100 * MIB }),
      parts: [
        { use: placement.MemoryUse.GRAPH, count: memory({ 0: 80 * MIB, 1: 20 * MIB }), segments: [] },
        { use: placement.MemoryUse.REST, count: memory({ 0: 20 * MIB, 1: 80 * MIB }), segments: [] },
      ],
    });
    assert.match(
      result(report, 'graph', 'local memory').remedy,
      /^elsewhere are 80 MiB of rest, 20 MiB of graph: start the graph service again.*CAP_SYS_NICE/,
    );
  });

  it('of memory do not count mapped files, which no process can bind', () => {
    assert.deepEqual(missed(withGraph({ mappedFiles: memory({ 1: 900 * MIB }) })), []);
  });

  it('of memory take the node of the irises for local, where it is another than that of the threads', () => {
    const report = withIris({
      memoryNodes: [0],
      ownMemory: memory({ 0: 464 * MIB, 1: 36 * MIB }),
      parts: [
        irises(placement.MemoryUse.LEFT_IRISES, memory({ 0: 232 * MIB })),
        irises(placement.MemoryUse.RIGHT_IRISES, memory({ 0: 232 * MIB })),
      ],
    });
    assert.deepEqual(missed(report), []);
    assert.match(result(report, 'iris', 'local memory').found, /on node 0 and 1$/);
  });

  const strays: [string, placement.ThreadPlacement, RegExp][] = [
    ['may run on a CPU of another node', thread(77, 'stray', '0-4', 0, 0), /stray 77 \(CPUs 0-4, last 0\)/],
    ['ran on another node', thread(77, 'stray', '0-3', 5, 1), /stray 77 \(CPUs 0-3, last 5\)/],
  ];
  for (const [name, stray, told] of strays) {
    it(`miss a thread that ${name}`, () => {
      const report = withGraph({ threads: [...graphService().threads, stray] });
      assert.deepEqual(missed(report), ['graph: threads on their node']);
      const { found, remedy } = result(report, 'graph', 'threads on their node');
      assert.match(found, /^1 of 5 threads may run elsewhere/);
      assert.match(found, told);
      assert.match(remedy, /taskset -cp 0-3 THREAD/);
    });
  }

  it('name five of many stray threads', () => {
    const threads = Array.from({ length: 9 }, (_, index) => thread(100 + index, 'stray', '0-7', 0, 0));
    const { found } = result(withGraph({ threads }), 'graph', 'threads on their node');
    assert.match(found, /^9 of 9 .*stray 104 \(CPUs 0-7, last 0\), \.\.\.; 0 moves/);
    assert.doesNotMatch(found, /stray 105/);
  });

  it('miss threads that were seen to move between nodes', () => {
    const report = withIris({ nodeMigrations: 2 });
    assert.deepEqual(missed(report), ['iris: threads on their node']);
    assert.match(result(report, 'iris', 'threads on their node').found, /but 2 moves between nodes seen/);
  });

  for (const backing of ['transparent', 'plain'] as const) {
    it(`miss irises on ${backing} pages, with the command that reserves what lacks`, () => {
      const fallback =
        'hugetlbfs at /mnt/hugepages-2MB: 350 pages of 2 MiB (bind): not that many are free there';
      const report = withIris({
        parts: [
          irises(placement.MemoryUse.LEFT_IRISES, memory({ 1: 232 * MIB })),
          irises(placement.MemoryUse.RIGHT_IRISES, memory({ 1: 700 * MIB }), [
            segment('hugepages', 100 * MIB),
            segment(backing, 600 * MIB, [fallback]),
          ]),
        ],
      });
      assert.deepEqual(missed(report), ['iris: irises on hugepages']);
      const { found, remedy } = result(report, 'iris', 'irises on hugepages');
      assert.match(
        found,
        new RegExp(`right irises 100 MiB on hugepages pages and 600 MiB on ${backing} pages`),
      );
      assert.ok(found.endsWith(fallback));
      // 300 pages lack, 270 of 512 are free.
      assert.match(
        remedy,
        /^echo 542 > \/sys\/devices\/system\/node\/node1\/hugepages\/hugepages-2048kB\/nr_hugepages/,
      );
    });
  }

  it('miss a single page of irises on another node', () => {
    const report = withIris({
      parts: [
        irises(placement.MemoryUse.LEFT_IRISES, memory({ 0: 2 * MIB, 1: 230 * MIB })),
        irises(placement.MemoryUse.RIGHT_IRISES, memory({ 1: 232 * MIB })),
      ],
    });
    assert.deepEqual(missed(report), ['iris: irises on their node']);
    const { found, remedy } = result(report, 'iris', 'irises on their node');
    assert.match(found, /left irises 230 MiB of 232 MiB on node 1/);
    assert.match(remedy, /node 1 has hugepages or memory free/);
  });
});

describe('split placement itself', () => {
  const shared = { placement: 'shared', reason: 'there is one node', node: undefined };

  it('is missed when it was asked for and is not to be had', () => {
    const report = twoNodes({
      services: [graphService({ ...shared, splitAsked: true }), irisService(shared)],
    });
    assert.deepEqual(missed(report), ['pair: split placement']);
    const { found, remedy } = result(report, 'pair', 'split placement');
    assert.equal(found, 'shared (there is one node)');
    assert.match(remedy, /irispair doctor/);
  });

  it('is missed when the services do not agree', () => {
    const report = withIris(shared);
    assert.deepEqual(missed(report), ['pair: split placement']);
    assert.match(
      result(report, 'pair', 'split placement').found,
      /^graph service: split .*; iris service: shared \(there is one node\)$/,
    );
  });
});

describe('what cannot be told', () => {
  it('is no target missed: not on one node', () => {
    const results = checkTargets(oneNode());
    assert.equal(results.length, 9);
    for (const { verdict, remedy } of results) assert.deepEqual([verdict, remedy], ['cannot tell', '']);
    assert.match(results[0].found, /1 NUMA node has CPUs/);
    assert.match(results[1].found, /placement is shared/);
  });

  it('is said where the kernel does not say, with its reason', () => {
    const refused = untold('move_pages was refused: Operation not permitted');
    const report = withIris({
      ownMemory: untold('/proc/self/numa_maps cannot be read: ENOENT'),
      parts: [
        irises(placement.MemoryUse.LEFT_IRISES, refused),
        irises(placement.MemoryUse.RIGHT_IRISES, refused),
      ],
    });
    assert.deepEqual(missed(report), []);
    const expected: [Target, RegExp][] = [
      ['local memory', /numa_maps cannot be read/],
      ['remote memory', /numa_maps cannot be read/],
      ['irises on their node', /left irises: move_pages was refused/],
    ];
    for (const [target, why] of expected) {
      const { verdict, found } = result(report, 'iris', target);
      assert.equal(verdict, 'cannot tell');
      assert.match(found, why);
    }
    // What they are mapped on is known all the same.
    assert.equal(result(report, 'iris', 'irises on hugepages').verdict, 'met');
  });

  it('is said of CPUs whose node is not known, and of a process without memory', () => {
    const report = withGraph({ ownMemory: memory({}) });
    report.nodes[0].cpus = '';
    for (const target of ['threads on their node', 'local memory'] as const) {
      assert.equal(result(report, 'graph', target).verdict, 'cannot tell');
    }
  });

  it('is all about the iris service while it is away; the graph service is judged', () => {
    const report = twoNodes({ services: [graphService()], irisAway: 'the iris service is away: no socket' });
    for (const { of, verdict, found } of checkTargets(report)) {
      if (of === 'graph') assert.equal(verdict, 'met');
      else assert.deepEqual([verdict, found], ['cannot tell', 'the iris service is away: no socket']);
    }
  });
});
