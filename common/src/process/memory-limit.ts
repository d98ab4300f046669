/**
 * How much memory this process may take before the kernel kills it, and whether what it needs fits.
 *
 * 1. The machine's memory, without what is set aside for hugepages.
 * 2. The limit of each control group that this process is in, of either version; the least counts.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { MisconfiguredError } from '../errors/errors.js';

/** The least of all limits. */
export interface MemoryLimit {
  readonly bytes: number;
  /** What sets it, for people. */
  readonly by: string;
}

/** One use of memory. */
export interface MemoryNeed {
  /** What for, for people. */
  readonly what: string;
  readonly bytes: number;
}

const MEBIBYTE = 1 << 20;

/** @param root of the file system whose `/proc` and `/sys` say it */
export function readMemoryLimit(root = '/'): MemoryLimit {
  const limits = [machineMemory(root), ...groupLimits(root)];
  return limits.reduce((least, limit) => (limit.bytes < least.bytes ? limit : least));
}

/**
 * @param remedy what to change when they do not fit
 * @throws MisconfiguredError with each need, when together they are more than the limit
 */
export function checkMemory(needs: readonly MemoryNeed[], limit: MemoryLimit, remedy: string): void {
  if (sumOf(needs) <= limit.bytes) return;
  throw new MisconfiguredError(
    `${inMebibytes(sumOf(needs))} of memory are needed (${describeNeeds(needs)}), and ${limit.by} has ${inMebibytes(limit.bytes)}: ${remedy}`,
  );
}

/** Bytes of all. */
export function sumOf(needs: readonly MemoryNeed[]): number {
  return needs.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Each with its size. */
export function describeNeeds(needs: readonly MemoryNeed[]): string {
  return needs.map(({ what, bytes }) => `${what} ${inMebibytes(bytes)}`).join(', ');
}

/** Whole mebibytes, rounded up. */
export function inMebibytes(bytes: number): string {
  return `${Math.ceil(bytes / MEBIBYTE)} MiB`;
}

function machineMemory(root: string): MemoryLimit {
  const meminfo = readFileSync(join(root, 'proc/meminfo'), 'utf8');
  const bytesOf = (field: string) =>
    Number(new RegExp(`^${field}:\\s*(\\d+) kB`, 'm').exec(meminfo)?.[1] ?? 0) * 1024;
  return { bytes: bytesOf('MemTotal') - bytesOf('Hugetlb'), by: 'the machine' };
}

function groupLimits(root: string): MemoryLimit[] {
  const groups = readFileSync(join(root, 'proc/self/cgroup'), 'utf8').trim().split('\n');
  return groups.flatMap((line) => {
    // HIERARCHY:CONTROLLERS:PATH; version 2 names no controllers.
    const [, controllers = '', ...path] = line.split(':');
    const group = path.join(':');
    if (controllers === '') {
      return ['sys/fs/cgroup', 'sys/fs/cgroup/unified'].flatMap((mount) =>
        limitsUpwards(join(root, mount), group, 'memory.max'),
      );
    }
    if (!controllers.split(',').includes('memory')) return [];
    return limitsUpwards(join(root, 'sys/fs/cgroup/memory'), group, 'memory.limit_in_bytes');
  });
}

/** Of a group and of those that it is in. In a container the mount may begin at the group: then its path is not there. */
function limitsUpwards(mount: string, group: string, file: string): MemoryLimit[] {
  const limits: MemoryLimit[] = [];
  for (let at = join('/', group); ; at = dirname(at)) {
    const path = join(mount, at, file);
    const text = existsSync(path) ? readFileSync(path, 'utf8').trim() : 'max';
    if (/^\d+$/.test(text)) limits.push({ bytes: Number(text), by: `the control group ${at}` });
    if (at === '/') return limits;
  }
}
