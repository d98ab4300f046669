/** A pair that may not have what it was configured for: a cpuset without the node, and a container that may not bind. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseList } from '@irispair/native/topology';
import { readThreads } from '@irispair/native/threads';
import { reserveHugepages } from '../kernel/hugepages.js';
import { arenasOf, pagesOf } from '../placed.js';
import { checkAnswers, runWithResidents, type Guest } from '../scenario.js';
import { loggedPlacement, loggedSegments } from '../service-log.js';

const GROUPS = '/sys/fs/cgroup';
const NAMED = { IRISPAIR_PLACEMENT: 'split', IRIS_MPC_NUMA_WORKER_NODE: '1' } as const;
const STRICT = { ...NAMED, IRISPAIR_PLACEMENT_STRICT: '1' } as const;

/** Control groups that leave node 1 out. */
export async function cpuset(guest: Guest): Promise<void> {
  const { pair, report } = guest;
  await pair.stop();
  reserveHugepages(1, 8);
  const onlyNode0 = group('only-node-0', '0-1', '0');
  const memoryOfNode0 = group('memory-of-node-0', '0-3', '0');
  await report.check('a strict service refuses a node whose CPUs it may not have', async () => {
    const { code, complaint } = await pair.refusal('iris', STRICT, onlyNode0);
    assert.equal(code, 2);
    assert.match(complaint, /node 1 \(IRIS_MPC_NUMA_WORKER_NODE\) has no CPU that this process may run on/);
  });
  await report.check('a strict service refuses a node whose memory it may not have', async () => {
    const { code, complaint } = await pair.refusal('iris', STRICT, memoryOfNode0);
    assert.equal(code, 2);
    assert.match(complaint, /node 1 has no memory that this process may use/);
  });
  await runWithResidents(guest, { settings: NAMED, launcher: onlyNode0 });
  await report.check(
    'the graph service keeps its node; the iris service shares what there is, and says why',
    () => {
      // Each service knows its own cpuset alone.
      assert.equal(loggedPlacement(pair.log('graph')).placement, 'split');
      const { placement, reason } = loggedPlacement(pair.log('iris'));
      assert.equal(placement, 'shared');
      assert.match(reason, /node 1 \(IRIS_MPC_NUMA_WORKER_NODE\) has no CPU/);
    },
  );
  await report.check('no thread leaves the cpuset', () => {
    for (const service of ['graph', 'iris'] as const) {
      for (const { name, allowedCpus } of readThreads(`/proc/${pair.pid(service)}`)) {
        assert.ok(
          parseList(allowedCpus).every((cpu) => cpu <= 1),
          `${name} may run on ${allowedCpus}`,
        );
      }
    }
  });
  await checkAnswers(guest);
}

/** As in a container without CAP_SYS_NICE: memory may not be bound, CPUs may be chosen. */
export async function bindingForbidden(guest: Guest): Promise<void> {
  const { pair, report } = guest;
  const launcher = ['forbid-binding'];
  await pair.stop();
  reserveHugepages(1, 8);
  for (const service of ['graph', 'iris'] as const) {
    await report.check(`a strict ${service} service refuses, and names CAP_SYS_NICE`, async () => {
      const { code, complaint } = await pair.refusal(service, STRICT, launcher);
      assert.equal(code, 2);
      assert.match(complaint, /memory: Operation not permitted.*grant CAP_SYS_NICE/);
    });
  }
  await runWithResidents(guest, { settings: NAMED, launcher });
  await report.check('both services say that binding was refused', () => {
    for (const service of ['graph', 'iris'] as const) {
      assert.match(pair.log(service), /"memoryRefused":"Operation not permitted".*going on without/);
    }
    for (const { policy, fallbacks } of loggedSegments(pair.log('iris'))) {
      assert.equal(policy, 'default');
      assert.match(fallbacks.join('; '), /bind on node 1 was refused: Operation not permitted.*CAP_SYS_NICE/);
      assert.match(fallbacks.join('; '), /interleave on nodes 0, 1 was refused/);
    }
  });
  await report.check('threads stay on their nodes all the same', () => {
    for (const [service, cpus] of [
      ['graph', [0, 1]],
      ['iris', [2, 3]],
    ] as const) {
      for (const { name, allowedCpus } of readThreads(`/proc/${pair.pid(service)}`)) {
        assert.ok(
          parseList(allowedCpus).every((cpu) => cpus.some((own) => own === cpu)),
          `${name}: ${allowedCpus}`,
        );
      }
    }
  });
  await report.check('hugepages come from node 1, which alone has them', () => {
    const pid = pair.pid('iris');
    assert.deepEqual(pagesOf(pid, arenasOf(pid)), new Map([[1, 4]]));
  });
  await checkAnswers(guest);
}

/** As a kubelet does it: each service has the CPUs and the memory of its node alone, and may bind nothing. */
export async function boundByCgroup(guest: Guest): Promise<void> {
  const { pair, report } = guest;
  await pair.stop();
  reserveHugepages(1, 8);
  const confined = (name: string, cpus: string, memoryNodes: string) => [
    ...group(name, cpus, memoryNodes),
    'forbid-binding',
  ];
  const settings = {
    ...STRICT,
    IRISPAIR_MEMORY_BINDING: 'cgroup',
    IRIS_MPC_NUMA_TOKIO_NODE: '0',
    IRISPAIR_HUGEPAGES: 'require',
  };
  await report.check('a strict service refuses memory that may come from elsewhere', async () => {
    const { code, complaint } = await pair.refusal('iris', settings, confined('node-1-loose', '2-3', '0-1'));
    assert.equal(code, 2);
    assert.match(complaint, /memory may come from nodes 0, 1, .*a cgroup that allows node 1 alone/);
  });
  await runWithResidents(guest, {
    settings,
    launcher: confined('node-0', '0-1', '0'),
    irisLauncher: confined('node-1', '2-3', '1'),
  });
  await report.check('both services are split, and nothing was asked of the kernel that it refused', () => {
    for (const service of ['graph', 'iris'] as const) {
      assert.equal(loggedPlacement(pair.log(service)).placement, 'split');
      assert.doesNotMatch(pair.log(service), /refused/);
    }
    for (const { backing, policy, fallbacks } of loggedSegments(pair.log('iris'))) {
      assert.deepEqual([backing, policy, fallbacks], ['hugetlbfs', 'default', []]);
    }
  });
  await report.check('the pair itself tells that its irises are on node 1, and targets are met', async () => {
    const client = pair.client();
    try {
      const { services } = await client.placement();
      const iris = services.find(({ service }) => service === 'iris');
      assert.deepEqual(iris?.memoryNodes, [1]);
      const irises = iris.parts.filter(({ segments }) => segments.length > 0);
      assert.equal(irises.length, 2);
      for (const { count } of irises) {
        assert.equal(count?.unknown, '');
        assert.deepEqual(
          count.nodes.filter(({ bytes }) => bytes > 0).map(({ node }) => node),
          [1],
        );
      }
    } finally {
      client.close();
    }
  });
  await report.check('the kernel says the same', () => {
    const pid = pair.pid('iris');
    assert.deepEqual(pagesOf(pid, arenasOf(pid)), new Map([[1, 4]]));
  });
  await report.check('irispair placement --check --certain, as in helm test, sees every target met', () => {
    const args = ['cli/bin/irispair.js', 'placement', '--check', '--certain'];
    const { status, stdout, stderr } = spawnSync('node', args, { encoding: 'utf8' });
    assert.equal(status, 0, stdout + stderr);
  });
  await checkAnswers(guest);
}

/** Makes a control group; returns the command that runs another one in it. */
export function group(name: string, cpus: string, memoryNodes: string): string[] {
  writeFileSync(`${GROUPS}/cgroup.subtree_control`, '+cpuset');
  const directory = `${GROUPS}/${name}`;
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${directory}/cpuset.cpus`, cpus);
  writeFileSync(`${directory}/cpuset.mems`, memoryNodes);
  return ['sh', '-c', `echo $$ > ${directory}/cgroup.procs && exec "$0" "$@"`];
}
