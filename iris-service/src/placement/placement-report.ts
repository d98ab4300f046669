/** Where the iris service runs and its irises lie, with what it has done since start. */
import { Side } from '@irispair/common/iris/side';
import { addMemory, unknownMemory } from '@irispair/common/placement/memory-count';
import type { MemoryPart, MemoryUse } from '@irispair/common/placement/report';
import { serviceReportMessage } from '@irispair/common/placement/report-message';
import type { ArenaPlacement, EngineCore, PoolCounters } from '@irispair/native/engine-types';
import { inBytes } from '@irispair/native/page-count';
import type { ServiceReporter } from '@irispair/native/service-reporter';
import type * as wire from '@irispair/proto/compute';
import type { Gallery } from '../gallery/gallery.js';
import { writeSide } from '../hop/wire.js';

/** Reads the placement of this process. */
export class PlacementReport {
  constructor(
    private readonly reporter: ServiceReporter,
    private readonly engine: EngineCore,
    private readonly gallery: Gallery,
  ) {}

  /** @param countPages also look up the nodes of its memory */
  async read(countPages: boolean): Promise<wire.PlacementResponse> {
    const report = serviceReportMessage(await this.reporter.read(countPages));
    const { left, right } = this.engine.placement(false);
    const counters = this.engine.counters();
    return {
      report,
      arenas: [writeArena(Side.Left, left), writeArena(Side.Right, right)],
      pools: [writePool(Side.Left, counters.left), writePool(Side.Right, counters.right)],
      kernel: this.engine.kernel,
      irises: this.gallery.live,
      queries: counters.queries,
      distances: counters.distances,
    };
  }
}

/** Both arenas as parts of the process's memory. */
export function readArenas(engine: EngineCore, countPages: boolean): MemoryPart[] {
  const { left, right } = engine.placement(countPages);
  return [asPart('left irises', left), asPart('right irises', right)];
}

function asPart(use: MemoryUse, { segments }: ArenaPlacement): MemoryPart {
  const counts = segments.map(({ pages, pageBytes }) =>
    pages === null ? unknownMemory('not asked for') : inBytes(pages, pageBytes),
  );
  return {
    use,
    count: addMemory(counts),
    segments: segments.map(({ backing, bytes, pageBytes, policy, fallbacks }) => ({
      backing,
      bytes,
      pageBytes,
      policy,
      fallbacks,
    })),
  };
}

function writeArena(side: Side, { capacity, used, strideBytes }: ArenaPlacement): wire.Arena {
  return { side: writeSide(side), capacity, used, strideBytes };
}

function writePool(side: Side, counters: PoolCounters): wire.PoolCounters {
  return { side: writeSide(side), ...counters };
}
