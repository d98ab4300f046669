import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NumaNode, Topology } from '@irispair/common/placement/topology';
import { irispair } from '../support/run-command.js';
import type { Finding } from './finding.js';
import { examineLinux } from './machine.js';
import { examineForPair } from './pair.js';

/** What the chart sets. */
const CGROUP = {
  IRISPAIR_PLACEMENT: 'split',
  IRISPAIR_MEMORY_BINDING: 'cgroup',
  IRIS_MPC_NUMA_TOKIO_NODE: '0',
  IRIS_MPC_NUMA_WORKER_NODE: '1',
};
const CAPACITY = 1_000;
/** Two pages a side. */
const PAGES = 4;

function node(id: number, facts: Partial<NumaNode>): NumaNode {
  const cpus = [2 * id, 2 * id + 1];
  return {
    ...{ id, cpus, allCpus: cpus, memoryAllowed: true, memoryBytes: 1e10, freeBytes: 1e10, distances: [] },
    hugepages2Mb: { total: 0, free: 0 },
    ...facts,
  };
}

/** As a container of node 1 sees a machine. */
function inContainer(
  zero: Partial<NumaNode>,
  one: Partial<NumaNode> = { hugepages2Mb: { total: 8, free: 3 } },
): Topology {
  const nodes = [node(0, { cpus: [], memoryAllowed: false, ...zero }), node(1, one)];
  return { nodes, allowedCpus: [2, 3], allowedMemoryNodes: [1] };
}

async function unfit(topology: Topology, environment = {}): Promise<Finding[]> {
  const coming = { mode: 'plain', capacity: CAPACITY } as const;
  const findings = await examineForPair(topology, coming, { ...CGROUP, ...environment });
  return findings.filter(({ fitness }) => fitness === 'unfit');
}

describe('irispair doctor in the place of an iris service', () => {
  it('counts the pages that are needed, free and missing', async () => {
    const [finding, ...others] = await unfit(inContainer({}));
    assert.deepEqual(others, []);
    assert.equal(finding.what, 'hugepages of node 1');
    assert.equal(finding.found, `3 of 8 pages of 2 MiB free, ${PAGES} needed`);
    assert.match(finding.remedy, /^reserve 9 before the kubelet starts/);
  });

  it('wants pages of the other node gone where the kubelet binds memory', async () => {
    const both = { hugepages2Mb: { total: 8, free: 8 } };
    const [finding] = await unfit(inContainer(both, both));
    assert.equal(finding.what, 'hugepages of node 0');
    assert.match(finding.remedy, /reserve pages on node 1 alone/);
  });

  it('says when the kubelet did not give it one node', async () => {
    const everywhere = inContainer({ memoryAllowed: true });
    const [finding] = await unfit(everywhere);
    assert.match(finding.found, /memory may come from nodes 0, 1/);
    assert.match(
      finding.remedy,
      /static CPU and memory managers, topology manager restricted \(docs\/eks.md\)/,
    );
  });

  it('maps the arenas, and gives the reason when it cannot', async () => {
    const enough = inContainer({}, { hugepages2Mb: { total: 8, free: 8 } });
    // Made up: this machine has no such pages.
    const [finding, ...others] = await unfit(enough, { IRISPAIR_HUGETLBFS: '/nowhere' });
    assert.deepEqual(others, []);
    assert.equal(finding.what, 'arenas');
    assert.match(finding.found, /hugepages are required: this segment needs 2 free pages/);
  });

  it('wants a machine with two nodes', async () => {
    const one = { nodes: [node(0, {})], allowedCpus: [0, 1], allowedMemoryNodes: [0] };
    const findings = await unfit(one, { IRIS_MPC_NUMA_WORKER_NODE: '' });
    assert.deepEqual(
      findings.map(({ what }) => what),
      ['NUMA nodes', 'placement'],
    );
    assert.match(findings[0].remedy, /irispair nodes sizes/);
  });

  it('has exit code 1 when something is unfit, and 2 on wrong usage', async () => {
    const ran = await irispair(['doctor', '--capacity', '4000000000', '--json']);
    assert.equal(ran.code, 1, ran.errors);
    const findings = JSON.parse(ran.output) as Finding[];
    assert.ok(findings.every(({ fitness, remedy }) => (fitness === 'fit') === (remedy === '')));
    assert.equal((await irispair(['doctor', '--capacity', 'many'])).code, 2);
  });

  it('knows kernels that cannot populate hugepages', () => {
    assert.equal(examineLinux('5.10.0-28-amd64').fitness, 'degraded');
    assert.equal(examineLinux('5.14.0').fitness, 'fit');
    assert.equal(examineLinux('6.1.0-31-cloud-amd64').fitness, 'fit');
  });
});
