/** The pools of 2 MiB hugepages, a node each. */
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MILLISECONDS = 20;
const LONGEST_MILLISECONDS = 60_000;

function poolOf(node: number): string {
  return `/sys/devices/system/node/node${node}/hugepages/hugepages-2048kB`;
}

/** Free pages. */
export function freeHugepages(node: number): number {
  return Number(readFileSync(`${poolOf(node)}/free_hugepages`, 'utf8'));
}

/** Makes the pool that large, while nobody uses it. @throws Error when the node has not the memory */
export function reserveHugepages(node: number, pages: number): void {
  writeFileSync(`${poolOf(node)}/nr_hugepages`, String(pages));
  const got = freeHugepages(node);
  if (got !== pages) throw new Error(`node ${node} has ${got} free hugepages, not the ${pages} wanted`);
}

/** The kernel frees the pages of a dead process soon after its end. Returns the free pages seen last. */
export async function freeHugepagesOnceBack(node: number, wanted: number): Promise<number> {
  const end = Date.now() + LONGEST_MILLISECONDS;
  while (freeHugepages(node) !== wanted && Date.now() < end) await sleep(POLL_MILLISECONDS);
  return freeHugepages(node);
}
