import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PlacementDecision, ServicePlan } from '../placement/decide.js';
import type { NumaNode, Topology } from '../placement/topology.js';
import { hopNodes, nodeAttributes } from './hop-nodes.js';

function node(id: number, cpus: number[], allCpus = cpus): NumaNode {
  return {
    id,
    cpus,
    allCpus,
    memoryAllowed: true,
    memoryBytes: 2 ** 30,
    freeBytes: 2 ** 30,
    hugepages2Mb: { total: 0, free: 0 },
    distances: [],
  };
}

function machine(...nodes: NumaNode[]): Topology {
  return { nodes, allowedCpus: nodes.flatMap(({ cpus }) => cpus), allowedMemoryNodes: [] };
}

function plan(where: number | null, cpus: number[]): ServicePlan {
  return { node: where, cpus, memory: { kind: 'default' } };
}

function decision(graph: ServicePlan, iris: ServicePlan): PlacementDecision {
  const arenas = { policy: { kind: 'default' }, fallbackNodes: [] } as const;
  return { placement: 'shared', reason: '', graph, iris, arenas };
}

describe('the nodes of a hop', () => {
  it('are those of the two services in split', () => {
    const split = decision(plan(0, [0]), plan(2, [1]));
    assert.deepEqual(nodeAttributes(hopNodes(split, machine(node(0, [0]), node(2, [1])), 'graph')), {
      'numa.node.source': 0,
      'numa.node.destination': 2,
    });
  });

  it('are the same on a machine with one', () => {
    const shared = plan(null, [0, 1]);
    const nodes = hopNodes(decision(shared, shared), machine(node(3, [0, 1]), node(4, [])), 'iris');
    assert.deepEqual(nodes, { source: 3, destination: 3 });
  });

  it('are not told where services may run on several', () => {
    const shared = plan(null, [0, 1]);
    const nodes = hopNodes(decision(shared, shared), machine(node(0, [0]), node(1, [1])), 'graph');
    assert.deepEqual(nodeAttributes(nodes), {});
  });

  it('are told of the own service alone in a cpuset, which says nothing of the other', () => {
    const confined = plan(null, [1]);
    const topology = machine(node(0, [], [0]), node(1, [1]));
    assert.deepEqual(hopNodes(decision(confined, confined), topology, 'iris'), {
      source: undefined,
      destination: 1,
    });
  });
});
