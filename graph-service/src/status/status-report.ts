/** How things are: counts, index, hop, and where both services run. */
import type { Logger } from '@irispair/common/log/logger';
import { formatCpuList } from '@irispair/common/placement/cpu-list';
import type { PlacementDecision } from '@irispair/common/placement/decide';
import { nodesOfPolicy } from '@irispair/common/placement/memory-policy';
import { VERSION } from '@irispair/common/version';
import { readResidentBytes } from '@irispair/native/residency';
import type { PlacementResponse } from '@irispair/proto/compute';
import type { ServiceReport } from '@irispair/proto/placement';
import * as api from '@irispair/proto/public';
import type { GraphIndex } from '../index/graph-index.js';
import type { IrisClient } from '../iris/iris-client.js';
import type { PopulationShape } from '../iris/population-shape.js';
import type { Registry } from '../iris/registry.js';
import type { Matcher } from '../matching/matcher.js';

/** What the report reads. */
export interface StatusParts {
  /** In shared mode. */
  readonly party: number | undefined;
  readonly shape: PopulationShape;
  readonly index: GraphIndex;
  readonly registry: Registry;
  readonly matcher: Matcher;
  readonly client: IrisClient;
  readonly decision: PlacementDecision;
  readonly threshold: number;
  readonly rotations: number;
  readonly isReady: () => boolean;
  readonly irisAway: () => string;
  readonly storeAway: () => string;
  readonly logger: Logger;
}

/** Reads the status. */
export class StatusReport {
  constructor(private readonly parts: StatusParts) {}

  async read(): Promise<api.StatusResponse> {
    const { index, registry, matcher, threshold, rotations, isReady } = this.parts;
    const iris = await this.irisPlacement();
    const { m, mMax, ef } = index.parameters;
    const kernelNanoseconds = iris?.pools.reduce((sum, pool) => sum + pool.kernelNanoseconds, 0) ?? 0;
    return {
      party: this.parts.party,
      columns: this.parts.shape.known,
      enrolled: registry.live,
      highestSerialId: registry.highest,
      ready: isReady(),
      irisAway: this.parts.irisAway(),
      storeAway: this.parts.storeAway(),
      index: matcher.usesWalks ? api.IndexMode.HNSW : api.IndexMode.EXACT,
      threshold,
      rotations,
      graph: { neighbours: m, maximumNeighbours: mMax, ef, nodes: index.size, ...index.shape },
      hop: index.counters(),
      services: [this.graphPlacement(), ...(iris?.report === undefined ? [] : [describeIris(iris.report)])],
      distances: iris?.distances ?? 0,
      kernelMicroseconds: kernelNanoseconds / 1_000,
      version: VERSION,
      kernel: iris?.kernel ?? '',
      storeId: this.parts.client.irises?.storeId ?? '',
    };
  }

  private async irisPlacement(): Promise<PlacementResponse | undefined> {
    if (!this.parts.isReady()) return undefined;
    try {
      return await this.parts.client.placement(false);
    } catch (error) {
      this.parts.logger.debug({ err: error }, 'the iris service did not say where it is');
      return undefined;
    }
  }

  private graphPlacement(): api.ServicePlacement {
    const { graph, placement, reason } = this.parts.decision;
    const usage = process.resourceUsage();
    return {
      service: 'graph',
      placement,
      reason,
      cpus: formatCpuList(graph.cpus),
      memoryNodes: [...nodesOfPolicy(graph.memory)],
      residentBytes: readResidentBytes(),
      cpuMicroseconds: usage.userCPUTime + usage.systemCPUTime,
      backing: '',
    };
  }
}

function describeIris(iris: ServiceReport): api.ServicePlacement {
  return {
    service: 'iris',
    placement: iris.placement,
    reason: iris.reason,
    cpus: iris.cpus,
    memoryNodes: iris.memoryNodes,
    residentBytes: iris.residentBytes,
    cpuMicroseconds: iris.cpuMicroseconds,
    backing: describeBacking(iris),
  };
}

function describeBacking({ parts }: ServiceReport): string {
  const kinds = new Set(
    parts.flatMap(({ segments }) =>
      segments.map(({ backing, policy }) => `${backing} pages, ${policy} policy`),
    ),
  );
  return [...kinds].join('; ');
}
