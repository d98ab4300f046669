import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NumaNode } from '@irispair/common/placement/topology';
import { ThreadWatch } from './thread-watch.js';
import type { ThreadPlace } from './threads.js';

function node(id: number, allCpus: number[]): NumaNode {
  return {
    id,
    cpus: allCpus,
    allCpus,
    memoryAllowed: true,
    memoryBytes: 1,
    freeBytes: 1,
    hugepages2Mb: { total: 0, free: 0 },
    distances: [],
  };
}

function at(threadId: number, lastCpu: number, startedAt = 1): ThreadPlace {
  return { threadId, startedAt, lastCpu, cpuTicks: 0 };
}

describe('the watch over threads', () => {
  /** Looks once for each list of places, the first when it is made. */
  function watched(...looks: ThreadPlace[][]): ThreadWatch {
    const places = looks.values();
    const watch = new ThreadWatch([node(0, [0, 2]), node(3, [1, 5])], () => places.next().value ?? []);
    for (let look = 1; look < looks.length; look++) watch.look();
    watch.close();
    return watch;
  }

  it('counts moves to another node, not those between the CPUs of one', () => {
    const watch = watched(
      [at(7, 0), at(8, 1)],
      [at(7, 2), at(8, 5)],
      [at(7, 1), at(8, 1)],
      [at(7, 0), at(8, 1)],
    );
    assert.deepEqual([watch.movesOf(7), watch.movesOf(8), watch.total], [2, 0, 2]);
  });

  it('keeps the moves of threads that ended in the total, and nothing else of them', () => {
    const watch = watched([at(7, 0)], [at(7, 1)], []);
    assert.deepEqual([watch.movesOf(7), watch.total], [0, 1]);
  });

  it('takes a thread that got the id of another for a new one', () => {
    const watch = watched([at(7, 0, 1)], [at(7, 1, 2)]);
    assert.deepEqual([watch.movesOf(7), watch.total], [0, 0]);
  });

  it('says nothing about CPUs that it does not know', () => {
    const watch = watched([at(7, 0)], [at(7, 99)], [at(7, 1)]);
    assert.equal(watch.total, 0);
    assert.deepEqual([watch.nodeOf(99), watch.nodeOf(5)], [null, 3]);
  });

  it('does not look where there is one node', () => {
    const watch = new ThreadWatch([node(0, [0, 1]), node(1, [])], () => assert.fail('it looked'));
    assert.equal(watch.total, 0);
    watch.close();
  });
});
