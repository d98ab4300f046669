/** Split placement where all that it needs is there. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { freeHugepages, freeHugepagesOnceBack, reserveHugepages } from '../kernel/hugepages.js';
import {
  arenasOf,
  checkArenasOnHugepages,
  checkResidency,
  checkThreadsUnderLoad,
  pagesOf,
  type Places,
} from '../placed.js';
import { checkAnswers, runWithResidents, type Guest } from '../scenario.js';

const STRICT = {
  IRISPAIR_PLACEMENT: 'split',
  IRISPAIR_PLACEMENT_STRICT: '1',
  IRISPAIR_HUGEPAGES: 'require',
} as const;
const TWO_NODES: Places = { graph: { node: 0, cpus: [0, 1] }, iris: { node: 1, cpus: [2, 3] } };

/** As an operator sets it up who leaves the capacity as it is: 116 hugepages an arena. */
export async function split(guest: Guest): Promise<void> {
  const { pair, report } = guest;
  const reserved = 240;
  reserveHugepages(1, reserved);
  await runWithResidents(guest, { settings: STRICT, iris: { IRIS_STORE_INITIAL_CAPACITY: '100000' } });
  await checkThreadsUnderLoad(guest, TWO_NODES);
  const pages = await checkArenasOnHugepages(guest, 1, 'hugetlbfs');
  await report.check('free hugepages of node 1 fall by what the arenas hold', () => {
    assert.equal(reserved - freeHugepages(1), pages);
    assert.equal(pages, 2 * Math.ceil((100_000 * 2_432) / (2 << 20)));
  });
  await checkResidency(guest, TWO_NODES);
  await report.check('irispair placement --check sees no target missed', () => {
    const { status, stdout } = spawnSync('node', ['cli/bin/irispair.js', 'placement', '--check'], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, stdout);
  });
  await report.check('free hugepages of node 1 come back after kill -9', async () => {
    await pair.stopIris('SIGKILL');
    assert.equal(await freeHugepagesOnceBack(1, reserved), reserved);
  });
}

/** The iris service after a killed one goes on with what was enrolled, and leaves nothing behind when it stops. */
export async function afterKill(guest: Guest): Promise<void> {
  const { pair, report } = guest;
  const reserved = 8;
  reserveHugepages(1, reserved);
  await runWithResidents(guest, { settings: STRICT });
  await checkAnswers(guest);
  await report.check('free hugepages of node 1 come back when the service stops', async () => {
    assert.equal(freeHugepages(1), 4);
    await pair.stopIris();
    assert.equal(await freeHugepagesOnceBack(1, reserved), reserved);
  });
}

/** The arenas grow while searches run. */
export async function growth(guest: Guest): Promise<void> {
  const { pair, visitors, report } = guest;
  reserveHugepages(1, 64);
  // Further segments hold a quarter of the first one.
  await runWithResidents(guest, { settings: STRICT, iris: { IRIS_STORE_INITIAL_CAPACITY: '20' } });
  const before = arenasOf(pair.pid('iris')).length;
  const client = pair.client();
  try {
    await report.check('enrolments beyond the capacity lose no search', async () => {
      const searches = await visitors.checkSearchesWhileGrowing(client);
      report.figure(`${searches} searches while the arenas grew`);
      assert.ok(searches > 0);
    });
    await report.check('what the arenas grew by lies on hugepages of node 1', () => {
      const pid = pair.pid('iris');
      const arenas = arenasOf(pid);
      report.figure(`from ${before} to ${arenas.length} mappings`);
      assert.ok(arenas.length > before, 'they did not grow');
      assert.ok(arenas.every(({ isHuge, policy }) => isHuge && policy === 'bind:1'));
      assert.deepEqual(pagesOf(pid, arenas), new Map([[1, 64 - freeHugepages(1)]]));
    });
    await visitors.deleteGroup(client, 'crowd');
  } finally {
    client.close();
  }
  await checkAnswers(guest);
}

/** Nodes 0 and 2, CPUs 0,2 and 1,3. */
export async function gapInNumbering(guest: Guest): Promise<void> {
  const { pair, report } = guest;
  const places: Places = { graph: { node: 0, cpus: [0, 2] }, iris: { node: 2, cpus: [1, 3] } };
  reserveHugepages(2, 8);
  await runWithResidents(guest, { settings: STRICT });
  await checkThreadsUnderLoad(guest, places);
  const pages = await checkArenasOnHugepages(guest, 2, 'hugetlbfs');
  await report.check('free hugepages of node 2 fall by what the arenas hold', () => {
    assert.equal(8 - freeHugepages(2), pages);
  });
  await report.check(
    'a strict service refuses the node that is left out, and names those there are',
    async () => {
      const { code, complaint } = await pair.refusal('iris', { ...STRICT, IRIS_MPC_NUMA_WORKER_NODE: '1' });
      assert.equal(code, 2);
      assert.match(complaint, /node 1 \(IRIS_MPC_NUMA_WORKER_NODE\) does not exist here: the nodes are 0, 2/);
    },
  );
}
