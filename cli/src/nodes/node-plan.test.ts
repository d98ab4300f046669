import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InvalidInputError } from '@irispair/common/errors/errors';
import fc from 'fast-check';
import { expectedFacts, factsOfInstance, INSTANCE_TYPES } from './instance-types.js';
import type { MachineFacts, NodeFacts } from './machine-facts.js';
import {
  hugepagesMebibytes,
  mostIrises,
  planNode,
  planNodeOrAdvise,
  reservedMebibytes,
  type NodePlan,
  type NodeWish,
} from './node-plan.js';
import { MODES } from './pair-mode.js';

const GIBIBYTE = 2 ** 30;

function machine(nodes: readonly NodeFacts[], threadsPerCore = 1): MachineFacts {
  return { name: 'made-up', architecture: 'x86-64', source: 'kernel', threadsPerCore, nodes };
}

function isRefused(wish: NodeWish, message: RegExp): void {
  assert.throws(
    () => planNodeOrAdvise(wish),
    (error) => {
      assert.ok(error instanceof InvalidInputError);
      assert.match(error.message, message);
      return true;
    },
  );
}

/** What the kubelet, the scheduler and the arenas need of a plan. */
function checkPlan({ machine: { nodes, threadsPerCore }, reserved, graph, iris }: NodePlan): void {
  const ofNodes = reserved.memoryByNode.reduce((sum, { mebibytes }) => sum + mebibytes, 0);
  assert.equal(ofNodes, reservedMebibytes(reserved));
  for (const { mebibytes } of reserved.memoryByNode) assert.ok(mebibytes > 0);
  for (const { id, cpus, memoryBytes } of nodes) {
    const share = [graph, iris].find(({ node }) => node === id);
    const kept = reserved.memoryByNode.find(({ node }) => node === id)?.mebibytes ?? 0;
    const pages = id === iris.node ? hugepagesMebibytes(iris.hugepages) : 0;
    assert.ok(
      (kept + pages + (share?.memoryMebibytes ?? 0)) * 2 ** 20 <= memoryBytes,
      `memory of node ${id}`,
    );
    assert.ok((share?.cpus ?? 0) <= cpus.length, `CPUs of node ${id}`);
    assert.equal((share?.cpus ?? 0) % threadsPerCore, 0);
  }
  assert.notEqual(graph.node, iris.node);
  const graphNode = nodes.find(({ id }) => id === graph.node);
  assert.ok(graph.cpus + reserved.kubeCpus + reserved.systemCpus < (graphNode?.cpus.length ?? 0));
}

describe('the plan of a Kubernetes node', () => {
  it('holds together on every machine on which there is one', () => {
    const node = fc.record({
      cores: fc.integer({ min: 0, max: 64 }),
      memoryBytes: fc.integer({ min: 0, max: 512 }).map((gibibytes) => gibibytes * GIBIBYTE + 4_096),
    });
    fc.assert(
      fc.property(
        fc.array(node, { minLength: 1, maxLength: 5 }),
        fc.constantFrom(1, 2),
        fc.constantFrom(...MODES),
        fc.integer({ min: 1, max: 20_000_000 }),
        fc.boolean(),
        (given, threadsPerCore, mode, capacity, hasGap) => {
          const nodes = given.map(({ cores, memoryBytes }, index) => ({
            id: hasGap ? 2 * index : index,
            cpus: Array.from({ length: cores * threadsPerCore }, (_, cpu) => 1_000 * index + cpu),
            memoryBytes,
          }));
          let plan: NodePlan;
          try {
            plan = planNode({ machine: machine(nodes, threadsPerCore), mode, capacity });
          } catch (error) {
            assert.ok(error instanceof InvalidInputError);
            return;
          }
          checkPlan(plan);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('fits the most irises that it says, and not one more', () => {
    for (const type of INSTANCE_TYPES.filter(({ numaNodes }) => numaNodes > 1)) {
      for (const mode of MODES) {
        const wish = { machine: expectedFacts(type), mode };
        const most = mostIrises(wish);
        checkPlan(planNode({ ...wish, capacity: most }));
        assert.throws(() => planNode({ ...wish, capacity: most + 1 }), InvalidInputError, type.name);
      }
    }
  });

  it('takes the pages of both sides for what they hold', () => {
    const wish = { machine: factsOfInstance('c5.18xlarge'), capacity: 1_000_000 } as const;
    const stride = 2_432;
    const { iris } = planNode({ ...wish, mode: 'plain' });
    assert.equal(iris.hugepages, 2 * Math.ceil((1_000_000 * stride) / (2 << 20)));
    assert.deepEqual([iris.node, iris.cpus], [1, 36]);
  });

  it('refuses what cannot be, with the figure and the remedy', () => {
    const small = factsOfInstance('m5.4xlarge');
    isRefused(
      { machine: small, mode: 'plain', capacity: 1_000 },
      /m5.4xlarge has 1 NUMA node.*needs two: the smallest listed type that holds them is c5.18xlarge \(144 GiB on 2 nodes\)/,
    );
    const large = factsOfInstance('c5.18xlarge');
    isRefused(
      { machine: large, mode: 'shared', capacity: 1_000_000 },
      /--capacity: 1000000 irises in shared mode take 36622 hugepages.*node 1 of c5.18xlarge has 68198 MiB: at most \d+ fit there; the smallest listed type that holds them is c5.24xlarge/,
    );
    isRefused(
      { machine: large, mode: 'plain', capacity: 4_000_000_000 },
      /no listed instance type holds as many/,
    );
    isRefused({ machine: large, mode: 'plain', capacity: 0 }, /--capacity: 0: give irises/);
    const cramped = machine([
      { id: 0, cpus: [0, 1, 2, 3], memoryBytes: 64 * GIBIBYTE },
      { id: 1, cpus: [4, 5, 6, 7], memoryBytes: 64 * GIBIBYTE },
    ]);
    isRefused(
      { machine: cramped, mode: 'plain', capacity: 10 },
      /node 0 of made-up has 4 CPUs, 4 of them are kept/,
    );
    const poor = machine([
      { id: 0, cpus: [0, 1, 2, 3, 4, 5], memoryBytes: 2 * GIBIBYTE },
      { id: 1, cpus: [6, 7, 8, 9], memoryBytes: 64 * GIBIBYTE },
    ]);
    isRefused({ machine: poor, mode: 'plain', capacity: 10 }, /MiB for the graph.*no pair fits there/);
  });
});
