/** What a plan needs to know of a machine: its NUMA nodes with their CPUs and memory. */
import { readFileSync } from 'node:fs';
import { InvalidInputError } from '@irispair/common/errors/errors';
import { messageOf } from '@irispair/common/errors/message';
import type { Topology } from '@irispair/common/placement/topology';
import { parseList } from '@irispair/native/topology';
import { z } from 'zod';

/** One NUMA node of a machine. */
export interface NodeFacts {
  /** As the kernel numbers it. */
  readonly id: number;
  /** Ascending; may be empty. */
  readonly cpus: readonly number[];
  /** As the kernel tells it, MemTotal of the node. */
  readonly memoryBytes: number;
}

/** A machine. */
export interface MachineFacts {
  /** The EC2 instance type, or any name. */
  readonly name: string;
  readonly architecture: 'x86-64' | 'arm64';
  /** `kernel`: told by the machine itself. `documentation`: not seen, memory is taken to be less than is sold. */
  readonly source: 'kernel' | 'documentation';
  /** 2 where a core runs two threads, else 1. */
  readonly threadsPerCore: number;
  /** Ascending by id. */
  readonly nodes: readonly NodeFacts[];
}

const FACTS = z.strictObject({
  name: z.string().min(1),
  architecture: z.enum(['x86-64', 'arm64']),
  threadsPerCore: z.int().min(1).max(8),
  nodes: z
    .array(
      z.strictObject({
        id: z.int().min(0).max(1023),
        cpus: z.string().regex(/^(\d+(-\d+)?(,\d+(-\d+)?)*)?$/, 'give a list such as 0-17,36-53'),
        memoryBytes: z.int().min(0),
      }),
    )
    .min(1),
});

/** The facts as a file holds them: CPUs in the kernel's list notation. */
export type WrittenFacts = z.output<typeof FACTS>;

/** Reads a file that `irispair nodes facts` wrote. @throws InvalidInputError naming what is wrong in it */
export function readFacts(path: string): MachineFacts {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new InvalidInputError(
      '--facts',
      `cannot be read, give a file of irispair nodes facts: ${messageOf(error)}`,
    );
  }
  const read = FACTS.safeParse(json);
  if (!read.success) {
    const [{ path: at, message }] = read.error.issues;
    throw new InvalidInputError(`--facts: ${at.join('.')}`, `${message}: write it with irispair nodes facts`);
  }
  const nodes = read.data.nodes.map((node) => ({ ...node, cpus: parseList(node.cpus) }));
  return { ...read.data, source: 'kernel', nodes: nodes.sort((a, b) => a.id - b.id) };
}

/** What this machine's kernel says. @param name what to call it */
export function factsOf({ nodes }: Topology, name: string): MachineFacts {
  return {
    name,
    architecture: process.arch === 'arm64' ? 'arm64' : 'x86-64',
    source: 'kernel',
    threadsPerCore: threadsPerCore(),
    nodes: nodes.map(({ id, allCpus, memoryBytes }) => ({ id, cpus: allCpus, memoryBytes })),
  };
}

function threadsPerCore(): number {
  const path = '/sys/devices/system/cpu/cpu0/topology/thread_siblings_list';
  try {
    return parseList(readFileSync(path, 'utf8')).length;
  } catch {
    return 1;
  }
}
