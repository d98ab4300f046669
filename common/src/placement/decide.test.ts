import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { readEnvironment, type Environment } from '../config/environment.js';
import { PLACEMENT_SETTINGS } from '../config/placement-settings.js';
import { MisconfiguredError } from '../errors/errors.js';
import { decidePlacement, type PlacedService } from './decide.js';
import type { NumaNode, Topology } from './topology.js';

const GIB = 2 ** 30;

function node(id: number, cpus: number[], memory: 'allowed' | 'forbidden' | 'none' = 'allowed'): NumaNode {
  return {
    id,
    cpus,
    allCpus: cpus,
    memoryAllowed: memory === 'allowed',
    memoryBytes: memory === 'none' ? 0 : GIB,
    freeBytes: memory === 'none' ? 0 : GIB,
    hugepages2Mb: { total: 0, free: 0 },
    distances: [],
  };
}

function machine(...nodes: NumaNode[]): Topology {
  return {
    nodes,
    allowedCpus: nodes.flatMap(({ cpus }) => cpus).sort((a, b) => a - b),
    allowedMemoryNodes: nodes.filter(({ memoryAllowed }) => memoryAllowed).map(({ id }) => id),
  };
}

function decide(topology: Topology, environment: Environment = {}, service: PlacedService = 'iris') {
  return decidePlacement(topology, readEnvironment(z.object(PLACEMENT_SETTINGS), environment), service);
}

function given(id: number) {
  return { kind: 'given', nodes: [id] };
}

describe('placement', () => {
  it('splits by default on two usable nodes, the second for the irises', () => {
    const decision = decide(machine(node(0, [0, 2]), node(1, [1, 3])));
    assert.equal(decision.placement, 'split');
    assert.deepEqual(decision.graph, { node: 0, cpus: [0, 2], memory: { kind: 'preferred', node: 0 } });
    assert.deepEqual(decision.iris.cpus, [1, 3]);
    assert.deepEqual(decision.arenas, { policy: { kind: 'bind', nodes: [1] }, fallbackNodes: [0, 1] });
  });

  it('copes with gaps in the numbering and skips nodes without CPUs', () => {
    const decision = decide(machine(node(0, [0]), node(2, []), node(5, [1])));
    assert.equal(decision.graph.node, 0);
    assert.equal(decision.iris.node, 5);
  });

  it('shares on one node and says why', () => {
    const decision = decide(machine(node(0, [0, 1])));
    assert.equal(decision.placement, 'shared');
    assert.match(decision.reason, /1 NUMA node has CPUs/);
    assert.deepEqual(decision.graph.memory, { kind: 'default' });
  });

  it('interleaves over the allowed nodes when shared', () => {
    const decision = decide(machine(node(0, [0]), node(1, [1]), node(2, [2], 'forbidden')), {
      IRISPAIR_PLACEMENT: 'shared',
    });
    assert.deepEqual(decision.arenas.policy, { kind: 'interleave', nodes: [0, 1] });
  });

  describe('where the cgroup binds memory', () => {
    const cgroup = {
      IRISPAIR_PLACEMENT: 'split',
      IRISPAIR_PLACEMENT_STRICT: '1',
      IRISPAIR_MEMORY_BINDING: 'cgroup',
      IRIS_MPC_NUMA_TOKIO_NODE: '0',
      IRIS_MPC_NUMA_WORKER_NODE: '1',
    };
    /** A container's view: its own node's CPUs and memory. */
    const confined = (id: 0 | 1, memoryOf: readonly number[]): Topology =>
      machine(
        ...[0, 1].map((one) => ({
          ...node(one, one === id ? [one] : [], memoryOf.includes(one) ? 'allowed' : 'forbidden'),
          allCpus: [one],
        })),
      );

    it('splits and asks nothing of the kernel, each service on the node that it was given', () => {
      const graph = decide(confined(0, [0]), cgroup, 'graph');
      assert.deepEqual([graph.placement, graph.graph], ['split', { node: 0, cpus: [0], memory: given(0) }]);
      const iris = decide(confined(1, [1]), cgroup, 'iris');
      assert.deepEqual(iris.iris, { node: 1, cpus: [1], memory: given(1) });
      assert.deepEqual(iris.arenas, { policy: given(1), fallbackNodes: [] });
      assert.match(iris.reason, /irises in the memory of node 1, as the cgroups give it/);
    });

    it('refuses memory of other nodes, and CPUs of another, by name', () => {
      for (const [topology, problem] of [
        [confined(1, [0, 1]), /memory may come from nodes 0, 1, .*a cgroup that allows node 1 alone/],
        [confined(0, [0]), /node 1 \(IRIS_MPC_NUMA_WORKER_NODE\) has no CPU that this process may run on/],
      ] as const) {
        assert.throws(
          () => decide(topology, cgroup, 'iris'),
          (error) => {
            assert.ok(error instanceof MisconfiguredError);
            assert.match(error.message, problem);
            return true;
          },
        );
      }
      const lenient = { ...cgroup, IRISPAIR_PLACEMENT_STRICT: '0' };
      assert.equal(decide(confined(1, [0, 1]), lenient, 'iris').placement, 'shared');
    });
  });

  it('touches nothing when off', () => {
    const decision = decide(machine(node(0, [0]), node(1, [1])), { IRISPAIR_PLACEMENT: 'off' });
    assert.equal(decision.placement, 'off');
    assert.deepEqual(decision.iris.memory, { kind: 'default' });
    assert.deepEqual(decision.arenas, { policy: { kind: 'default' }, fallbackNodes: [] });
  });

  it('follows the named nodes, memory apart from workers', () => {
    const decision = decide(machine(node(0, [0]), node(1, [1]), node(2, [])), {
      IRIS_MPC_NUMA_TOKIO_NODE: '1',
      IRIS_MPC_NUMA_WORKER_NODE: '0',
      IRIS_MPC_NUMA_MEMORY_NODE: '2',
    });
    assert.equal(decision.graph.node, 1);
    assert.equal(decision.iris.node, 0);
    assert.deepEqual(decision.arenas.policy, { kind: 'bind', nodes: [2] });
  });

  it('prefers no memory of a node that has none', () => {
    const decision = decide(machine(node(0, [0]), node(1, [1], 'none')), { IRIS_MPC_NUMA_MEMORY_NODE: '0' });
    assert.equal(decision.placement, 'split');
    assert.deepEqual(decision.graph.memory, { kind: 'preferred', node: 0 });
    assert.deepEqual(decision.iris, { node: 1, cpus: [1], memory: { kind: 'default' } });
    assert.deepEqual(decision.arenas.policy, { kind: 'bind', nodes: [0] });
  });

  it('keeps clear of the one node that is named when it chooses the other', () => {
    assert.equal(
      decide(machine(node(0, [0]), node(1, [1])), { IRIS_MPC_NUMA_WORKER_NODE: '0' }).graph.node,
      1,
    );
  });

  it('splits where each service may use its own node alone, as in containers, when both are named', () => {
    const named = { IRIS_MPC_NUMA_TOKIO_NODE: '0', IRIS_MPC_NUMA_WORKER_NODE: '1' };
    const seenByGraph = machine(node(0, [0]), { ...node(1, [], 'forbidden'), allCpus: [1] });
    const graph = decide(seenByGraph, named, 'graph');
    assert.equal(graph.placement, 'split');
    assert.deepEqual(graph.graph.cpus, [0]);
    const seenByIris = machine({ ...node(0, [], 'forbidden'), allCpus: [0] }, node(1, [1]));
    const iris = decide(seenByIris, named, 'iris');
    assert.equal(iris.placement, 'split');
    assert.deepEqual(iris.iris.cpus, [1]);
    assert.deepEqual(iris.arenas.policy, { kind: 'bind', nodes: [1] });

    const confinedWrongly = decide(seenByIris, named, 'graph');
    assert.equal(confinedWrongly.placement, 'shared');
    assert.match(
      confinedWrongly.reason,
      /node 0 \(IRIS_MPC_NUMA_TOKIO_NODE\) has no CPU that this process may/,
    );
    assert.equal(decide(seenByGraph, named, 'iris').placement, 'shared');
  });

  const impossible: [string, Topology, Environment, RegExp][] = [
    [
      'an unknown node',
      machine(node(0, [0]), node(1, [1])),
      { IRIS_MPC_NUMA_WORKER_NODE: '7' },
      /node 7 .* does not exist/,
    ],
    [
      'one node twice',
      machine(node(0, [0]), node(1, [1])),
      { IRIS_MPC_NUMA_TOKIO_NODE: '1', IRIS_MPC_NUMA_WORKER_NODE: '1' },
      /both/,
    ],
    [
      'a node without CPUs',
      machine(node(0, [0]), node(1, [])),
      { IRIS_MPC_NUMA_WORKER_NODE: '1' },
      /has no CPU/,
    ],
    [
      'forbidden memory',
      machine(node(0, [0]), node(1, [1], 'forbidden')),
      { IRISPAIR_PLACEMENT: 'split' },
      /no memory/,
    ],
  ];
  for (const [name, topology, environment, reason] of impossible) {
    it(`falls back to shared with ${name}, or stops when strict`, () => {
      const decision = decide(topology, environment);
      assert.equal(decision.placement, 'shared');
      assert.match(decision.reason, reason);
      assert.throws(
        () => decide(topology, { ...environment, IRISPAIR_PLACEMENT_STRICT: '1' }),
        (error) => error instanceof MisconfiguredError && reason.test(error.message),
      );
    });
  }
});
