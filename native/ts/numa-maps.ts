/**
 * Reads /proc/PID/numa_maps: every mapping of a process with its pages by node, in pages of the mapping's own size.
 *
 *     7f1a5f4bb000 default anon=6913 dirty=6913 active=0 N0=6913 kernelpagesize_kB=4
 *     7f1a60000000 bind:1 file=/mnt/hugepages-2MB/irispair-x\040(deleted) huge dirty=115 N1=115 kernelpagesize_kB=2048
 */
import { readFile } from 'node:fs/promises';
import { addMemory, unknownMemory } from '@irispair/common/placement/memory-count';
import type { MemoryCount } from '@irispair/common/placement/report';

/** The memory of a process, by whom it belongs to. */
export interface MappedMemory {
  /** What the process took for itself: anonymous memory, hugepages, shared memory. */
  readonly own: MemoryCount;
  /** Pages of files, which the kernel shares among all who map them. */
  readonly files: MemoryCount;
}

/** Files that are memory: nobody else reads them from a disk. */
const MEMORY_FILE = /^(\/memfd:|\/dev\/zero|\/dev\/shm\/|\/SYSV|\/anon_hugepage)/;
const LINE = /^[0-9a-f]+ \S+/;

/** Memory by node. Reading walks the page tables of the process, off the main thread. */
export async function readNumaMaps(path = '/proc/self/numa_maps'): Promise<MappedMemory> {
  try {
    return parseNumaMaps(await readFile(path, 'utf8'));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const nothing = unknownMemory(`${path} cannot be read: ${error.message}`);
    return { own: nothing, files: nothing };
  }
}

/** @throws Error naming the line that is none of numa_maps */
export function parseNumaMaps(text: string): MappedMemory {
  const own: MemoryCount[] = [];
  const files: MemoryCount[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    if (!LINE.test(line)) throw new Error(`not a line of numa_maps: ${line}`);
    (isOwn(line) ? own : files).push(countLine(line));
  }
  return { own: addMemory(own), files: addMemory(files) };
}

function isOwn(line: string): boolean {
  const file = / file=(\S+)/.exec(line)?.[1];
  return file === undefined || / huge( |$)/.test(line) || MEMORY_FILE.test(file);
}

/** Mappings without a page name no page size, and need none. */
function countLine(line: string): MemoryCount {
  const pageBytes = Number(/ kernelpagesize_kB=(\d+)/.exec(line)?.[1] ?? 0) * 1024;
  const nodes = new Map(
    Array.from(line.matchAll(/ N(\d+)=(\d+)/g), ([, node, pages]): [number, number] => [
      Number(node),
      Number(pages) * pageBytes,
    ]),
  );
  return { kind: 'counted', nodes, notBackedBytes: 0, interval: 1 };
}
