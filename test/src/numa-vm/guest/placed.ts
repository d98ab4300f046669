/** Checks of what runs and lies where, by the kernel's figures. */
import assert from 'node:assert/strict';
import { parseList } from '@irispair/native/topology';
import { askPages, bytesByNode, readMappings, type Mapping } from './kernel/mappings.js';
import { ThreadSamples } from './kernel/thread-samples.js';
import { checkAnswers, type Guest } from './scenario.js';

/** Where both services are to be. */
export interface Places {
  readonly graph: { readonly node: number; readonly cpus: readonly number[] };
  readonly iris: { readonly node: number; readonly cpus: readonly number[] };
}

const LEAST_LOCAL_SHARE = 0.8;
const MOST_REMOTE_SHARE = 0.1;
const MEBIBYTE = 1 << 20;

/** The mappings of the arenas: they alone lie on hugetlbfs or were bound by themselves. */
export function arenasOf(pid: number): Mapping[] {
  return readMappings(pid).filter(({ isHuge, policy }) => isHuge || policy.startsWith('bind'));
}

/** Pages by node, counted in both ways that the kernel offers, which have to agree. */
export function pagesOf(pid: number, mappings: readonly Mapping[]): Map<number, number> {
  const counted = new Map<number, number>();
  const asked = new Map<number, number>();
  for (const mapping of mappings) {
    for (const [node, pages] of mapping.pagesByNode) counted.set(node, (counted.get(node) ?? 0) + pages);
    // Parts of a transparent hugepage are counted as small pages by both.
    for (const [node, pages] of askPages(pid, mapping)) asked.set(node, (asked.get(node) ?? 0) + pages);
  }
  assert.deepEqual(asked, counted, 'move_pages against numa_maps');
  return counted;
}

/** Answers everything while the threads of both services are sampled: all of them stay where they belong. */
export async function checkThreadsUnderLoad(guest: Guest, places: Places): Promise<void> {
  const { pair, report } = guest;
  const sampled = (['graph', 'iris'] as const).map((service) => ({
    service,
    samples: new ThreadSamples(pair.pid(service)),
  }));
  await checkAnswers(guest);
  for (const { service, samples } of sampled) {
    samples.stop();
    const { node, cpus } = places[service];
    const threads = [...samples.threads.values()];
    await report.check(`every ${service}-service thread may run on the CPUs of node ${node} only`, () => {
      assert.ok(threads.length > 5, `${threads.length} threads`);
      for (const { name, allowedCpus } of threads) {
        for (const list of allowedCpus) {
          assert.ok(
            parseList(list).every((cpu) => cpus.includes(cpu)),
            `${name} may run on ${list}`,
          );
        }
      }
    });
    await report.check(`no ${service}-service thread left node ${node} under load`, () => {
      assert.ok(samples.count >= 3, `${samples.count} samples`);
      for (const { name, seenOn } of threads) {
        assert.ok(
          [...seenOn].every((cpu) => cpus.includes(cpu)),
          `${name} ran on ${[...seenOn].join(', ')}`,
        );
      }
    });
    report.figure(`${service} service: ${threads.length} threads, seen ${samples.count} times under load`);
    if (service === 'iris') await checkWorkers(guest, samples, places.iris);
  }
}

/** Workers stay on one CPU each, and their names say node, side and index. */
async function checkWorkers(
  { report }: Guest,
  { threads }: ThreadSamples,
  { node, cpus }: Places['iris'],
): Promise<void> {
  await report.check('every worker is pinned to one CPU and was never moved', () => {
    const workers = [...threads.values()].filter(({ name }) => /^n.*-(left|right)-\d+$/.test(name));
    const names = ['left', 'right'].flatMap((side) => cpus.map((_, index) => `n${node}-${side}-${index}`));
    assert.deepEqual(workers.map(({ name }) => name).sort(), names.sort());
    for (const { name, allowedCpus, migrations } of workers) {
      assert.equal(allowedCpus.size, 1, name);
      assert.equal(parseList([...allowedCpus][0]).length, 1, name);
      assert.equal(migrations.last, migrations.first, `${name} was moved`);
    }
  });
}

/** Both arenas lie on hugepages, bound to the node, all of them there. Returns their pages. */
export async function checkArenasOnHugepages(
  { pair, report }: Guest,
  node: number,
  kind: 'hugetlbfs' | 'anonymous',
): Promise<number> {
  let pages = 0;
  await report.check(`both arenas lie on ${kind} hugepages, all of them on node ${node}`, () => {
    const pid = pair.pid('iris');
    const arenas = arenasOf(pid);
    assert.ok(arenas.length >= 2, `${arenas.length} mappings`);
    for (const { isHuge, pageBytes, policy, file } of arenas) {
      assert.deepEqual([isHuge, pageBytes, policy], [true, 2 * MEBIBYTE, `bind:${node}`]);
      assert.match(file, kind === 'hugetlbfs' ? /^\/mnt\/hugepages-2MB\/irispair-/ : /^\/anon_hugepage/);
    }
    const byNode = pagesOf(pid, arenas);
    assert.deepEqual([...byNode.keys()], [node]);
    pages = byNode.get(node) ?? 0;
  });
  return pages;
}

/** Most of what each service has in memory lies on its node. */
export async function checkResidency({ pair, report }: Guest, places: Places): Promise<void> {
  for (const service of ['graph', 'iris'] as const) {
    const { node } = places[service];
    const mappings = readMappings(pair.pid(service));
    const all = shares(mappings, node);
    const own = shares(
      mappings.filter(({ file, isHuge }) => isHuge || !isProgramFile(file)),
      node,
    );
    report.figure(
      `${service} service: ${describe(all)} on node ${node}; without files of programs ${describe(own)}`,
    );
    await report.check(
      `at least 80 % of the ${service} service's pages are on node ${node}, under 10 % elsewhere`,
      () => {
        for (const { local, remote } of [all, own]) {
          assert.ok(local >= LEAST_LOCAL_SHARE, `${percent(local)} local`);
          assert.ok(remote < MOST_REMOTE_SHARE, `${percent(remote)} remote`);
        }
      },
    );
  }
}

/** Programs and libraries: pages that both services and the kernel share, where whoever read the file first put them. */
function isProgramFile(file: string): boolean {
  return file.startsWith('/') && !file.startsWith('/dev/') && !file.startsWith('/memfd:');
}

interface Shares {
  readonly bytes: number;
  /** 0 to 1. */
  readonly local: number;
  readonly remote: number;
}

function shares(mappings: readonly Mapping[], node: number): Shares {
  const byNode = bytesByNode(mappings);
  const bytes = [...byNode.values()].reduce((sum, some) => sum + some, 0);
  const local = (byNode.get(node) ?? 0) / bytes;
  return { bytes, local, remote: 1 - local };
}

function describe({ bytes, local }: Shares): string {
  return `${percent(local)} of ${Math.round(bytes / MEBIBYTE)} MiB`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
