/** Machines that lack what split placement needs. */
import assert from 'node:assert/strict';
import { readThreads } from '@irispair/native/threads';
import { parseList } from '@irispair/native/topology';
import { reserveHugepages } from '../kernel/hugepages.js';
import { arenasOf, pagesOf } from '../placed.js';
import { checkAnswers, runWithResidents, type Guest } from '../scenario.js';
import { loggedPlacement, loggedSegments } from '../service-log.js';

const STRICT_SPLIT = { IRISPAIR_PLACEMENT: 'split', IRISPAIR_PLACEMENT_STRICT: '1' } as const;

/** Node 1 has memory and no CPU. */
export async function nodeWithoutCpus(guest: Guest): Promise<void> {
  const { pair, report } = guest;
  reserveHugepages(0, 8);
  reserveHugepages(1, 8);
  await checkRefused(guest, { ...STRICT_SPLIT, IRIS_MPC_NUMA_WORKER_NODE: '1' }, /node 1 .* has no CPU/);
  await runWithResidents(guest, {});
  await checkShared(guest, /1 NUMA node has CPUs for this process, split needs 2/);
  await report.check('the arenas are spread over both nodes', () => {
    const pid = pair.pid('iris');
    const arenas = arenasOf(pid);
    assert.ok(arenas.every(({ policy }) => policy === 'interleave:0-1'));
    assert.deepEqual(
      pagesOf(pid, arenas),
      new Map([
        [0, 2],
        [1, 2],
      ]),
    );
  });
  await checkAnswers(guest);
}

/** Node 1 has CPUs and no memory. */
export async function nodeWithoutMemory(guest: Guest): Promise<void> {
  const { pair, report } = guest;
  reserveHugepages(0, 8);
  await checkRefused(guest, STRICT_SPLIT, /node 1 has no memory that this process may use/);
  await runWithResidents(guest, {});
  await checkShared(guest, /node 1 has no memory that this process may use/);
  await checkAnswers(guest);

  const named = { ...STRICT_SPLIT, IRIS_MPC_NUMA_MEMORY_NODE: '0' };
  await runWithResidents(guest, { iris: named });
  await report.check('named the memory of node 0, the iris service runs on the CPUs of node 1', () => {
    assert.equal(loggedPlacement(pair.log('iris')).placement, 'split');
    for (const { name, allowedCpus } of readThreads(`/proc/${pair.pid('iris')}`)) {
      assert.ok(
        parseList(allowedCpus).every((cpu) => cpu >= 2),
        `${name}: ${allowedCpus}`,
      );
    }
    const pid = pair.pid('iris');
    assert.deepEqual(pagesOf(pid, arenasOf(pid)), new Map([[0, 4]]));
  });
  await checkAnswers(guest);
}

/** No second node at all. */
export async function oneNode(guest: Guest): Promise<void> {
  const { pair, report } = guest;
  reserveHugepages(0, 8);
  await checkRefused(guest, STRICT_SPLIT, /1 NUMA node has CPUs for this process, split needs 2/);
  await runWithResidents(guest, {});
  await checkShared(guest, /1 NUMA node has CPUs for this process, split needs 2/);
  await report.check('the arenas lie on the hugepages that there are', () => {
    for (const { backing, policy, fallbacks } of loggedSegments(pair.log('iris'))) {
      assert.deepEqual([backing, policy, fallbacks], ['hugetlbfs', 'default', []]);
    }
    const pid = pair.pid('iris');
    assert.deepEqual(pagesOf(pid, arenasOf(pid)), new Map([[0, 4]]));
  });
  await checkAnswers(guest);
}

async function checkRefused(
  { pair, report }: Guest,
  settings: Readonly<Record<string, string>>,
  reason: RegExp,
): Promise<void> {
  await report.check('a strict service refuses split placement, and says why', async () => {
    const { code, complaint } = await pair.refusal('iris', settings);
    assert.equal(code, 2);
    assert.match(complaint, reason);
  });
}

async function checkShared({ pair, report }: Guest, why: RegExp): Promise<void> {
  await report.check('both services share all nodes, and say why', () => {
    for (const service of ['graph', 'iris'] as const) {
      const { placement, reason } = loggedPlacement(pair.log(service));
      assert.equal(placement, 'shared');
      assert.match(reason, why);
    }
  });
}
