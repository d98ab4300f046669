/**
 * Reads where this process runs and lies.
 *
 * 1. Threads: from /proc, with the moves between nodes that the watch has seen.
 * 2. All memory of the process by node, from numa_maps.
 * 3. The parts whose addresses the service knows (irises, graph), from move_pages.
 * 4. What the process has beside them is the rest.
 */
import { addMemory, restOfMemory, unknownMemory } from '@irispair/common/placement/memory-count';
import type { PlacementDecision, ServicePlan } from '@irispair/common/placement/decide';
import type {
  MemoryPart,
  MemoryReport,
  ServiceReport,
  ThreadReport,
} from '@irispair/common/placement/report';
import { readNumaMaps } from './numa-maps.js';
import { readResidentBytes } from './residency.js';
import { ThreadWatch } from './thread-watch.js';
import { readThreads } from './threads.js';
import { readTopology } from './topology.js';

/** What the service itself knows. */
export interface ServiceParts {
  readonly service: 'graph' | 'iris';
  readonly decision: PlacementDecision;
  /** Whether split placement was asked for, by name or by naming nodes. */
  readonly splitAsked: boolean;
  /** Nodes whose memory it asks for. */
  readonly memoryNodes: readonly number[];
  /** The parts of its memory that it can find, counted when `countPages`. */
  readonly parts: (countPages: boolean) => MemoryPart[];
}

const NOT_ASKED = unknownMemory('not asked for');

/** Reports about this process, from its start until it is closed. */
export class ServiceReporter {
  private readonly plan: ServicePlan;
  private readonly watch = new ThreadWatch(readTopology().nodes);

  constructor(private readonly known: ServiceParts) {
    this.plan = known.decision[known.service];
  }

  /** @param countPages also look up the nodes of its memory */
  async read(countPages: boolean): Promise<ServiceReport> {
    const { service, decision, splitAsked, memoryNodes } = this.known;
    const usage = process.resourceUsage();
    return {
      service,
      processId: process.pid,
      placement: decision.placement,
      reason: decision.reason,
      splitAsked,
      node: this.plan.node,
      cpus: this.plan.cpus,
      memoryNodes,
      threads: this.readThreads(),
      nodeMigrations: this.watch.total,
      memory: await this.readMemory(countPages),
      residentBytes: readResidentBytes(),
      cpuMicroseconds: usage.userCPUTime + usage.systemCPUTime,
    };
  }

  /** Looks after threads no longer. */
  close(): void {
    this.watch.close();
  }

  private readThreads(): ThreadReport[] {
    return readThreads().map((thread) => ({
      ...thread,
      lastNode: this.watch.nodeOf(thread.lastCpu),
      nodeMigrations: this.watch.movesOf(thread.threadId),
    }));
  }

  private async readMemory(countPages: boolean): Promise<MemoryReport> {
    const mapped = countPages ? await readNumaMaps() : { own: NOT_ASKED, files: NOT_ASKED };
    const parts = this.known.parts(countPages);
    const found = addMemory(parts.map(({ count }) => count));
    const rest: MemoryPart = { use: 'rest', count: restOfMemory(mapped.own, found), segments: [] };
    return { own: mapped.own, parts: [...parts, rest], mappedFiles: mapped.files };
  }
}
