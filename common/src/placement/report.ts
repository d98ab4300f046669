/** What a service says about where it runs and lies: the kernel's figures, and nothing invented where it has none. */
import type { Placement } from './decide.js';

/** On which nodes memory lies, or why that is not known. */
export type MemoryCount =
  | {
      readonly kind: 'counted';
      /** Bytes by node. */
      readonly nodes: ReadonlyMap<number, number>;
      /** Bytes that have no memory yet. */
      readonly notBackedBytes: number;
      /** One page in so many was looked up and stands for the others; 1: each was. */
      readonly interval: number;
    }
  | { readonly kind: 'unknown'; readonly reason: string };

/** What memory holds. */
export type MemoryUse = 'left irises' | 'right irises' | 'graph' | 'rest';

/** One mapped segment of an arena. */
export interface ArenaSegment {
  readonly backing: 'hugetlbfs' | 'hugepages' | 'transparent' | 'plain';
  readonly bytes: number;
  readonly pageBytes: number;
  readonly policy: 'bind' | 'preferred' | 'interleave' | 'default';
  /** What was tried before and why it failed, one sentence each. */
  readonly fallbacks: readonly string[];
}

/** One part of a process's memory. */
export interface MemoryPart {
  readonly use: MemoryUse;
  readonly count: MemoryCount;
  /** Of irises: what they are mapped on, oldest first. */
  readonly segments: readonly ArenaSegment[];
}

/** One thread. */
export interface ThreadReport {
  readonly threadId: number;
  /** At most 15 bytes. */
  readonly name: string;
  /** CPUs it may run on, as a kernel list such as `0-3,8`. */
  readonly allowedCpus: string;
  /** CPU it ran on last. */
  readonly lastCpu: number;
  /** Node of that CPU; null where the kernel does not say. */
  readonly lastNode: number | null;
  /** Moves between CPUs since it was started; null where the kernel does not count them. */
  readonly cpuMigrations: number | null;
  /** Moves between nodes that were seen. */
  readonly nodeMigrations: number;
  readonly voluntarySwitches: number;
  readonly involuntarySwitches: number;
}

/** The memory of a process. */
export interface MemoryReport {
  /** All that it took for itself. */
  readonly own: MemoryCount;
  /** The parts of it, the rest last. */
  readonly parts: readonly MemoryPart[];
  /** Pages of files that it maps: the kernel's, shared among processes. */
  readonly mappedFiles: MemoryCount;
}

/** Where one service is. */
export interface ServiceReport {
  readonly service: 'graph' | 'iris';
  readonly processId: number;
  readonly placement: Placement;
  readonly reason: string;
  /** Whether split placement was asked for, by name or by naming nodes. */
  readonly splitAsked: boolean;
  /** The node that its threads are confined to; null when they are not. */
  readonly node: number | null;
  /** CPUs that the placement gives it. */
  readonly cpus: readonly number[];
  /** Nodes whose memory it asks for. */
  readonly memoryNodes: readonly number[];
  readonly threads: readonly ThreadReport[];
  /** Moves between nodes of all threads, those that ended included. */
  readonly nodeMigrations: number;
  readonly memory: MemoryReport;
  readonly residentBytes: number;
  readonly cpuMicroseconds: number;
}
