/** A process's memory by node, as the kernel tells it: `/proc/PID/numa_maps`, and `move_pages` for every page. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** One mapping of a process. */
export interface Mapping {
  /** Hexadecimal. */
  readonly address: string;
  /** The kernel's words, such as `bind:1`. */
  readonly policy: string;
  /** Empty when it is of no file. */
  readonly file: string;
  /** On pages of hugetlbfs, with a mount or without. */
  readonly isHuge: boolean;
  readonly pageBytes: number;
  /** Resident pages. */
  readonly pagesByNode: ReadonlyMap<number, number>;
}

/** Every mapping with resident pages. */
export function readMappings(pid: number): Mapping[] {
  return readFileSync(`/proc/${pid}/numa_maps`, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map(parseMapping)
    .filter(({ pagesByNode }) => pagesByNode.size > 0);
}

function parseMapping(line: string): Mapping {
  const [address, policy, ...words] = line.split(' ');
  const valueOf = (name: string) => words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
  return {
    address,
    policy,
    file: valueOf('file') ?? '',
    isHuge: words.includes('huge'),
    pageBytes: Number(valueOf('kernelpagesize_kB')) * 1_024,
    pagesByNode: new Map(
      words.flatMap((word): [number, number][] => {
        const count = /^N(\d+)=(\d+)$/.exec(word);
        return count === null ? [] : [[Number(count[1]), Number(count[2])]];
      }),
    ),
  };
}

/** Resident bytes of some mappings by node. */
export function bytesByNode(mappings: readonly Mapping[]): Map<number, number> {
  const bytes = new Map<number, number>();
  for (const { pageBytes, pagesByNode } of mappings) {
    for (const [node, pages] of pagesByNode) bytes.set(node, (bytes.get(node) ?? 0) + pages * pageBytes);
  }
  return bytes;
}

/** The node of every page of a mapping, asked one by one; a page that is not there counts under its error. */
export function askPages(pid: number, { address, pageBytes }: Mapping): Map<number, number> {
  const bytes = lengthOf(pid, address);
  const told = execFileSync('pages-by-node', [String(pid), address, String(bytes), String(pageBytes)], {
    encoding: 'utf8',
  });
  return new Map(
    told
      .trim()
      .split('\n')
      .map((line): [number, number] => {
        const [node, pages] = line.split(' ').map(Number);
        return [node, pages];
      }),
  );
}

function lengthOf(pid: number, address: string): number {
  const range = new RegExp(`^0*${address}-([0-9a-f]+) `, 'm').exec(readFileSync(`/proc/${pid}/maps`, 'utf8'));
  if (range === null) throw new Error(`${address} is not mapped by process ${pid}`);
  return Number(BigInt(`0x${range[1]}`) - BigInt(`0x${address}`));
}
