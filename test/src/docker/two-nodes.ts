/**
 * The kernel's tree of NUMA nodes as a two-node machine would show it, over the CPUs of this one.
 *
 * Node 0, which every machine has, is where the irises go, so that memory is bound for real. Node 1 has another CPU
 * and, in truth, no memory.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where the services run on the made-up machine. */
export interface TwoNodes {
  /** Stands for `/`: has `sys/devices/system/node` and `proc/mounts`. */
  readonly root: string;
  readonly graph: { readonly node: number; readonly cpu: number };
  readonly iris: { readonly node: number; readonly cpu: number };
}

/**
 * Writes the tree.
 * @param cpus of this machine, at least two
 * @param hugetlbfs where it is mounted; null for nowhere
 */
export async function writeTwoNodes(
  root: string,
  cpus: readonly [number, number],
  hugetlbfs: string | null,
): Promise<TwoNodes> {
  const [irisCpu, graphCpu] = cpus;
  for (const [node, cpu] of [irisCpu, graphCpu].entries()) {
    const directory = join(root, `sys/devices/system/node/node${node}`);
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, 'cpulist'), `${cpu}\n`);
    await writeFile(
      join(directory, 'meminfo'),
      `Node ${node} MemTotal: 4194304 kB\nNode ${node} MemFree: 4194304 kB\n`,
    );
    await writeFile(join(directory, 'distance'), node === 0 ? '10 21\n' : '21 10\n');
  }
  await mkdir(join(root, 'proc'), { recursive: true });
  await writeFile(
    join(root, 'proc/mounts'),
    hugetlbfs === null ? '' : `none ${hugetlbfs} hugetlbfs rw,relatime,pagesize=2M 0 0\n`,
  );
  return { root, graph: { node: 1, cpu: graphCpu }, iris: { node: 0, cpu: irisCpu } };
}

/** The tree of nodes itself, to be mounted over the kernel's in a container. */
export function nodeTree({ root }: TwoNodes): string {
  return join(root, 'sys/devices/system/node');
}
