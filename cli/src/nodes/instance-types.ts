/**
 * EC2 instance types that a pair may run on, from what their vendor and others publish; none was seen by this project.
 *
 * What the kernel of an instance says counts: `irispair nodes facts` writes it down.
 */
import { InvalidInputError } from '@irispair/common/errors/errors';
import type { MachineFacts, NodeFacts } from './machine-facts.js';

/** One instance type. */
export interface InstanceType {
  readonly name: string;
  readonly architecture: 'x86-64' | 'arm64';
  readonly vcpus: number;
  /** As it is sold. */
  readonly memoryGib: number;
  readonly numaNodes: number;
}

const x86 = (name: string, vcpus: number, memoryGib: number, numaNodes = 2): InstanceType => ({
  ...{ name, architecture: 'x86-64', vcpus, memoryGib, numaNodes },
});
const arm = (name: string, vcpus: number, memoryGib: number, numaNodes = 2): InstanceType => ({
  ...{ name, architecture: 'arm64', vcpus, memoryGib, numaNodes },
});

/** Ascending by memory. */
export const INSTANCE_TYPES: readonly InstanceType[] = [
  x86('m5.4xlarge', 16, 64, 1),
  x86('c5.18xlarge', 72, 144),
  x86('c5.24xlarge', 96, 192),
  x86('c6i.32xlarge', 128, 256),
  x86('m5.24xlarge', 96, 384),
  x86('c7i.48xlarge', 192, 384),
  arm('c8g.48xlarge', 192, 384),
  x86('m6i.32xlarge', 128, 512),
  x86('r5.24xlarge', 96, 768),
  x86('m7i.48xlarge', 192, 768),
  arm('m8g.48xlarge', 192, 768),
  x86('r6i.32xlarge', 128, 1_024),
  x86('r7i.48xlarge', 192, 1_536),
  arm('r8g.48xlarge', 192, 1_536),
  arm('x8g.48xlarge', 192, 3_072),
];

/**
 * Share of the memory that is sold which may be missing from what the kernel has: firmware, the kernel, its page tables.
 * Karpenter's default estimate, which leaves more than was ever missing.
 */
const MISSING_SHARE = 0.075;

/** What can be expected of an instance type. @throws InvalidInputError when it is not listed */
export function factsOfInstance(name: string): MachineFacts {
  const type = INSTANCE_TYPES.find((one) => one.name === name);
  if (type === undefined) {
    throw new InvalidInputError(
      '--instance',
      `${name} is not listed: start one, write its facts with irispair nodes facts and give them with --facts; ` +
        `listed are ${INSTANCE_TYPES.map((one) => one.name).join(', ')}`,
    );
  }
  return expectedFacts(type);
}

/** What can be expected of an instance type. */
export function expectedFacts({
  name,
  architecture,
  vcpus,
  memoryGib,
  numaNodes,
}: InstanceType): MachineFacts {
  const threadsPerCore = architecture === 'x86-64' ? 2 : 1;
  const memoryBytes = Math.floor((memoryGib * (1 - MISSING_SHARE) * 2 ** 30) / numaNodes);
  const cores = vcpus / threadsPerCore / numaNodes;
  const nodes = Array.from({ length: numaNodes }, (_, id): NodeFacts => {
    // First one thread of every core of every node, then the second ones.
    const threads = Array.from({ length: threadsPerCore }, (_unused, thread) => {
      const first = thread * cores * numaNodes + id * cores;
      return Array.from({ length: cores }, (_none, core) => first + core);
    });
    return { id, cpus: threads.flat(), memoryBytes };
  });
  return { name, architecture, source: 'documentation', threadsPerCore, nodes };
}
