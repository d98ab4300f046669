/** What runs and lies where, from the kernel's own figures. */
import { formatCpuList } from '@irispair/common/placement/cpu-list';
import type { PlacementDecision } from '@irispair/common/placement/decide';
import { Side } from '@irispair/common/iris/side';
import type { ArenaPlacement, IrisEngine, PoolCounters } from '@irispair/native/engine-types';
import { readResidentBytes, readThreads } from '@irispair/native/residency';
import type * as wire from '@irispair/proto/compute';
import type { Gallery } from '../gallery/gallery.js';
import { writeSide } from '../hop/wire.js';

/** Reads the placement of this process. */
export class PlacementReport {
  constructor(
    private readonly decision: PlacementDecision,
    private readonly engine: IrisEngine,
    private readonly gallery: Gallery,
  ) {}

  /** @param countPages also look up every page's node */
  read(countPages: boolean): wire.PlacementResponse {
    const { iris, placement, reason, arenas } = this.decision;
    const { left, right } = this.engine.placement(countPages);
    const counters = this.engine.counters();
    const usage = process.resourceUsage();
    return {
      placement,
      reason,
      cpus: formatCpuList(iris.cpus),
      memoryNodes: 'nodes' in arenas.policy ? [...arenas.policy.nodes] : [],
      arenas: [writeArena(Side.Left, left), writeArena(Side.Right, right)],
      threads: readThreads(),
      pools: [writePool(Side.Left, counters.left), writePool(Side.Right, counters.right)],
      kernel: this.engine.kernel,
      residentBytes: readResidentBytes(),
      cpuMicroseconds: usage.userCPUTime + usage.systemCPUTime,
      irises: this.gallery.live,
      queries: counters.queries,
      distances: counters.distances,
    };
  }
}

function writeArena(side: Side, arena: ArenaPlacement): wire.Arena {
  return {
    side: writeSide(side),
    capacity: arena.capacity,
    used: arena.used,
    strideBytes: arena.strideBytes,
    segments: arena.segments.map(({ pages, fallbacks, ...segment }) => ({
      ...segment,
      pages: Array.from(pages, ([node, count]) => ({ node, pages: count })),
      fallbacks: [...fallbacks],
    })),
  };
}

function writePool(side: Side, counters: PoolCounters): wire.PoolCounters {
  return { side: writeSide(side), ...counters };
}
