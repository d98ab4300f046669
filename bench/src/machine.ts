/** The machine a figure was seen on, in words. */
import { availableParallelism, cpus, release, totalmem } from 'node:os';

/** What figures depend on. */
export interface Machine {
  readonly processor: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly linux: string;
  readonly node: string;
}

export function describeMachine(): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown processor',
    cpus: availableParallelism(),
    memoryBytes: totalmem(),
    linux: release().replace(/-.*/, ''),
    node: process.versions.node,
  };
}

/** Words for a file's name, such as `amd-epyc-7r13-2-cpus`. */
export function machineInWords({ processor, cpus: count }: Machine): string {
  const words = processor.toLowerCase().match(/[a-z0-9.]+/g) ?? [];
  return [...words, count, 'cpus'].join('-');
}
