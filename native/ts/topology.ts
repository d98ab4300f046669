/**
 * Reads the machine's nodes from sysfs, cut down to what this process may use.
 *
 * Nothing is assumed about numbering: nodes may have gaps, CPU lists may interleave, a node may lack CPUs or memory.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HugepageCount, NumaNode, Topology } from '@irispair/common/placement/topology';

/** Where the kernel's figures are read; tests give their own trees. */
export interface TopologySources {
  /** Default: `/sys/devices/system/node`. */
  readonly nodes: string;
  /** Default: `/proc/self/status`. */
  readonly status: string;
}

const KERNEL: TopologySources = { nodes: '/sys/devices/system/node', status: '/proc/self/status' };

/** The machine as this process may use it. A kernel without NUMA support is one node 0 with everything. */
export function readTopology(sources: TopologySources = KERNEL): Topology {
  const status = readFileSync(sources.status, 'utf8');
  const allowedCpus = parseList(statusField(status, 'Cpus_allowed_list'));
  const allowedMemoryNodes = parseList(statusField(status, 'Mems_allowed_list') || '0');
  const ids = nodeIds(sources.nodes);
  const nodes = ids.map((id) => readNode(sources.nodes, id, allowedCpus, allowedMemoryNodes));
  return {
    nodes: nodes.length > 0 ? nodes : [onlyNode(allowedCpus)],
    allowedCpus,
    allowedMemoryNodes,
  };
}

/** Reads a kernel list such as `0-3,8`, ascending. */
export function parseList(list: string): number[] {
  return list
    .trim()
    .split(',')
    .filter((range) => range !== '')
    .flatMap((range) => {
      const [first = NaN, last = first] = range.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
    })
    .sort((a, b) => a - b);
}

function statusField(status: string, name: string): string {
  return new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '';
}

function nodeIds(directory: string): number[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .flatMap((name) => /^node(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

function readNode(
  directory: string,
  id: number,
  allowedCpus: readonly number[],
  allowedMemory: readonly number[],
): NumaNode {
  const path = join(directory, `node${id}`);
  const allCpus = parseList(readText(join(path, 'cpulist')));
  const meminfo = readText(join(path, 'meminfo'));
  return {
    id,
    cpus: allCpus.filter((cpu) => allowedCpus.includes(cpu)),
    allCpus,
    memoryAllowed: allowedMemory.includes(id),
    memoryBytes: meminfoBytes(meminfo, 'MemTotal'),
    freeBytes: meminfoBytes(meminfo, 'MemFree'),
    hugepages2Mb: readHugepages(join(path, 'hugepages', 'hugepages-2048kB')),
    distances: readText(join(path, 'distance')).trim().split(/\s+/).filter(Boolean).map(Number),
  };
}

function onlyNode(allowedCpus: readonly number[]): NumaNode {
  const meminfo = readText('/proc/meminfo');
  return {
    id: 0,
    cpus: allowedCpus,
    allCpus: allowedCpus,
    memoryAllowed: true,
    memoryBytes: meminfoBytes(meminfo, 'MemTotal'),
    freeBytes: meminfoBytes(meminfo, 'MemFree'),
    hugepages2Mb: readHugepages('/sys/kernel/mm/hugepages/hugepages-2048kB'),
    distances: [10],
  };
}

function readHugepages(directory: string): HugepageCount {
  return {
    total: Number(readText(join(directory, 'nr_hugepages'))),
    free: Number(readText(join(directory, 'free_hugepages'))),
  };
}

function meminfoBytes(meminfo: string, field: string): number {
  return Number(new RegExp(`${field}:\\s*(\\d+) kB`).exec(meminfo)?.[1] ?? 0) * 1024;
}

/** Empty when the kernel does not offer the file. */
function readText(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
