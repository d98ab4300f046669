/** A Kubernetes node as it is set up, and what `irispair doctor` says in the place of the iris service's container. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { freeHugepages, reserveHugepages } from '../kernel/hugepages.js';
import type { Guest } from '../scenario.js';
import { group } from './confined.js';

const SCRIPT = '/irispair/cli/node-setup/reserve-hugepages.sh';
/** What the chart sets where the kubelet binds memory. */
const CHART = {
  IRISPAIR_PLACEMENT: 'split',
  IRISPAIR_MEMORY_BINDING: 'cgroup',
  IRIS_MPC_NUMA_TOKIO_NODE: '0',
  IRIS_MPC_NUMA_WORKER_NODE: '1',
} as const;

interface Finding {
  readonly what: string;
  readonly fitness: string;
  readonly found: string;
}

/** Reserving pages on node 1 alone, and the preflight. */
export async function nodeSetup({ pair, report }: Guest): Promise<void> {
  await pair.stop();
  reserveHugepages(0, 4);
  reserveHugepages(1, 0);
  await report.check(
    'reserve-hugepages reserves pages on node 1 alone, and takes back what node 0 has',
    () => {
      const { status, stdout, stderr } = reserve('1', '8');
      assert.equal(status, 0, stderr);
      assert.match(stdout, /node 1 has 8 hugepages of 2 MiB, no other node has any/);
      assert.deepEqual([freeHugepages(0), freeHugepages(1)], [0, 8]);
    },
  );
  await report.check('a second time it changes nothing', () => {
    assert.equal(reserve('1', '8').status, 0);
    assert.deepEqual([freeHugepages(0), freeHugepages(1)], [0, 8]);
  });
  await report.check('more pages than the node has are a failure that says how many it gave', () => {
    const { status, stderr } = reserve('1', '5000');
    assert.equal(status, 1);
    const [, gave] = /node 1 gave (\d+) of 5000 hugepages of 2 MiB and has \d+ kB free/.exec(stderr) ?? [];
    assert.equal(Number(gave), freeHugepages(1), stderr);
    assert.equal(freeHugepages(0), 0);
  });
  reserveHugepages(1, 8);
  const node1 = group('like-the-iris-container', '2-3', '1');
  await report.check('the preflight passes in a container of node 1 that may not bind memory', () => {
    const { status, findings } = doctor([...node1, 'forbid-binding']);
    assert.equal(status, 0, JSON.stringify(findings));
    assert.match(of(findings, 'arenas').found, /^8 MiB mapped on hugetlbfs: 8 MiB on node 1$/);
    assert.equal(freeHugepages(1), 8, 'it gives every page back');
  });
  await report.check('it fails where memory may come from both nodes, and says so', () => {
    const { status, findings } = doctor(group('memory-of-both', '2-3', '0-1'));
    assert.equal(status, 1);
    assert.match(of(findings, 'placement').found, /memory may come from nodes 0, 1, .*allows node 1 alone/);
  });
  await report.check('it fails where node 0 has pages too', () => {
    reserveHugepages(0, 2);
    const { status, findings } = doctor(node1);
    reserveHugepages(0, 0);
    assert.equal(status, 1);
    assert.equal(of(findings, 'hugepages of node 0').fitness, 'unfit');
  });
}

function reserve(...args: readonly string[]) {
  return spawnSync('sh', [SCRIPT, ...args], { encoding: 'utf8' });
}

function doctor(launcher: readonly string[]): { status: number | null; findings: Finding[] } {
  const [program, ...args] = [
    ...launcher,
    ...[process.execPath, '/irispair/cli/bin/irispair.js', 'doctor', '--capacity', '1000', '--json'],
  ];
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, ...CHART },
  });
  assert.notEqual(stdout, '', stderr);
  return { status, findings: JSON.parse(stdout) as Finding[] };
}

function of(findings: readonly Finding[], what: string): Finding {
  const finding = findings.find((one) => one.what === what);
  assert.ok(finding, `nothing is said of ${what}`);
  return finding;
}
