/** The rungs of memory, from hugetlbfs down to small pages, and a service that insists on the first. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { freeHugepages, reserveHugepages } from '../kernel/hugepages.js';
import { arenasOf, checkArenasOnHugepages, pagesOf } from '../placed.js';
import { checkAnswers, runWithResidents, type Guest } from '../scenario.js';
import { loggedSegments } from '../service-log.js';

const SPLIT = { IRISPAIR_PLACEMENT: 'split' } as const;

/** Nothing is mounted: hugepages without a file. */
export async function noHugetlbfs(guest: Guest): Promise<void> {
  const { pair, report } = guest;
  reserveHugepages(1, 8);
  await runWithResidents(guest, { settings: SPLIT, iris: { IRISPAIR_HUGETLBFS: '/mnt/nothing' } });
  await report.check('it says that hugetlbfs is missing', () => {
    for (const { backing, fallbacks } of loggedSegments(pair.log('iris'))) {
      assert.equal(backing, 'hugepages');
      assert.match(fallbacks.join('; '), /hugetlbfs at \/mnt\/nothing: No such file or directory/);
    }
  });
  const pages = await checkArenasOnHugepages(guest, 1, 'anonymous');
  await report.check('free hugepages of node 1 fall by what the arenas hold', () => {
    assert.equal(8 - freeHugepages(1), pages);
  });
  await checkAnswers(guest);
}

/** Enough hugepages for one arena and a half. */
export async function tooFewPages(guest: Guest): Promise<void> {
  const { pair, report } = guest;
  reserveHugepages(1, 3);
  await runWithResidents(guest, { settings: SPLIT });
  await report.check('one arena lies on hugepages, the other says that they are too few', () => {
    const [left, right] = loggedSegments(pair.log('iris'));
    assert.deepEqual([left.backing, left.fallbacks], ['hugetlbfs', []]);
    assert.match(right.backing, /^(transparent|plain)$/);
    assert.match(
      right.fallbacks.join('; '),
      /hugetlbfs: 2 pages of 2 MiB \(bind\): not that many are free there/,
    );
    assert.match(right.fallbacks.join('; '), /anonymous hugepages: 2 pages of 2 MiB \(bind\): not that many/);
  });
  await report.check('what was tried in vain is given back', () => {
    assert.equal(freeHugepages(1), 1);
  });
  await checkArenasOnNode(guest, 1);
  await checkAnswers(guest);
}

/** Node 0 has hugepages, node 1 has none: touching them would be a SIGBUS. */
export async function pagesOnTheWrongNode(guest: Guest): Promise<void> {
  const { report } = guest;
  reserveHugepages(1, 0);
  reserveHugepages(0, 8);
  try {
    await runWithResidents(guest, { settings: SPLIT });
    await checkSmallPages(guest, /hugetlbfs: 2 pages of 2 MiB \(bind\): not that many are free there/);
    await report.check('hugepages of node 0 are left alone', () => {
      assert.equal(freeHugepages(0), 8);
    });
    await checkArenasOnNode(guest, 1);
    await checkAnswers(guest);
  } finally {
    await guest.pair.stopIris();
    reserveHugepages(0, 0);
  }
}

/** Hugepages are there and not wanted. */
export async function hugepagesOff(guest: Guest): Promise<void> {
  const { report } = guest;
  reserveHugepages(1, 8);
  await runWithResidents(guest, { settings: SPLIT, iris: { IRISPAIR_HUGEPAGES: 'off' } });
  await checkSmallPages(guest, /^$/);
  await report.check('hugepages of node 1 are left alone', () => {
    assert.equal(freeHugepages(1), 8);
  });
  await checkArenasOnNode(guest, 1);
  await checkAnswers(guest);
}

/** Hugepages are required and too few: a refusal that says what to do, and doing it helps. */
export async function hugepagesRequired(guest: Guest): Promise<void> {
  const { pair, report } = guest;
  const settings = { ...SPLIT, IRISPAIR_HUGEPAGES: 'require' };
  await pair.stopIris();
  reserveHugepages(1, 1);
  let command = '';
  await report.check('it refuses to start, and names the node, the pages and the command', async () => {
    const { code, complaint } = await pair.refusal('iris', settings);
    assert.equal(code, 2);
    assert.match(complaint, /hugepages are required/);
    assert.match(complaint, /needs 2 free pages of 2 MiB on node 1 \(1 free/);
    command = /(echo \d+ > \/sys\S+nr_hugepages)/.exec(complaint)?.[1] ?? '';
    assert.notEqual(command, '', complaint);
  });
  await report.check('every page is back after the refusal', () => {
    assert.equal(freeHugepages(1), 1);
  });
  await report.check('it starts once that command was given', async () => {
    execFileSync('sh', ['-c', command]);
    await runWithResidents(guest, { settings: SPLIT, iris: { IRISPAIR_HUGEPAGES: 'require' } });
  });
  await checkArenasOnHugepages(guest, 1, 'hugetlbfs');
  await checkAnswers(guest);
}

/** Both arenas say why, and that they lie on small pages. */
async function checkSmallPages({ pair, report }: Guest, why: RegExp): Promise<void> {
  await report.check('both arenas say what they lie on, and why', () => {
    for (const { backing, policy, fallbacks } of loggedSegments(pair.log('iris'))) {
      assert.match(backing, /^(transparent|plain)$/);
      assert.equal(policy, 'bind');
      assert.match(fallbacks.join('; '), why);
    }
  });
}

/** Whatever they lie on, it is bound to the node, and there. */
async function checkArenasOnNode({ pair, report }: Guest, node: number): Promise<void> {
  await report.check(`every page of the arenas is on node ${node}`, () => {
    const pid = pair.pid('iris');
    const arenas = arenasOf(pid);
    assert.ok(arenas.length > 0, 'no arena');
    const bytes = arenas.reduce((sum, { pageBytes, pagesByNode }) => {
      return sum + pageBytes * [...pagesByNode.values()].reduce((pages, some) => pages + some, 0);
    }, 0);
    assert.ok(bytes >= 2 * 2 * (2 << 20), `${bytes} bytes`);
    assert.deepEqual([...new Set(arenas.map(({ policy }) => policy))], [`bind:${node}`]);
    assert.deepEqual([...pagesOf(pid, arenas).keys()], [node]);
  });
}
