/** Placement reports as the page shows them. */
import { parseList } from '@irispair/native/topology';
import * as placement from '@irispair/proto/placement';
import type { PlacementResponse } from '@irispair/proto/public';
import type { MemoryFigures, NodeFigures, ServiceFigures } from './snapshot.js';

const USE: Readonly<Record<placement.MemoryUse, MemoryFigures['use']>> = {
  [placement.MemoryUse.UNSPECIFIED]: 'rest',
  [placement.MemoryUse.LEFT_IRISES]: 'left irises',
  [placement.MemoryUse.RIGHT_IRISES]: 'right irises',
  [placement.MemoryUse.GRAPH]: 'graph',
  [placement.MemoryUse.REST]: 'rest',
};

/** A node. */
export function nodeFigures(node: placement.Node): NodeFigures {
  return {
    node: node.node,
    cpus: parseList(node.cpus),
    memoryBytes: node.memoryBytes,
    freeBytes: node.freeBytes,
    hugepages: { total: node.hugepagesTotal, free: node.hugepagesFree },
    distances: node.distances,
  };
}

/**
 * The services of a report.
 * @param before the report before it, for what changes with time
 * @param milliseconds between both
 */
export function servicesFigures(
  { services }: PlacementResponse,
  before: PlacementResponse | undefined,
  milliseconds: number,
): ServiceFigures[] {
  return services.map((report) => {
    const earlier = before?.services.find(
      ({ service, processId }) => service === report.service && processId === report.processId,
    );
    return serviceFigures(report, earlier, milliseconds);
  });
}

function serviceFigures(
  report: placement.ServiceReport,
  earlier: placement.ServiceReport | undefined,
  milliseconds: number,
): ServiceFigures {
  return {
    service: report.service === 'iris' ? 'iris' : 'graph',
    placement: report.placement,
    reason: report.reason,
    node: report.node ?? null,
    cpus: report.cpus,
    memoryNodes: report.memoryNodes,
    threads: report.threads.map(({ name, allowedCpus, lastCpu, cpuMigrations }) => ({
      name,
      allowedCpus,
      lastCpu,
      cpuMigrations: cpuMigrations ?? null,
    })),
    nodeMigrations: report.nodeMigrations,
    memory: [
      ...report.parts.map(({ use, count, segments }) => memoryFigures(USE[use], count, segments)),
      memoryFigures('mapped files', report.mappedFiles, []),
    ],
    residentBytes: report.residentBytes,
    busyCpus:
      earlier === undefined
        ? null
        : Math.max(0, report.cpuMicroseconds - earlier.cpuMicroseconds) / 1e3 / milliseconds,
  };
}

function memoryFigures(
  use: MemoryFigures['use'],
  count: placement.MemoryCount | undefined,
  segments: readonly placement.ArenaSegment[],
): MemoryFigures {
  const backings = new Map<string, MemoryFigures['backings'][number]>();
  for (const { backing, policy, bytes } of segments) {
    const key = `${backing} ${policy}`;
    backings.set(key, { backing, policy, bytes: bytes + (backings.get(key)?.bytes ?? 0) });
  }
  return {
    use,
    nodes: (count?.nodes ?? []).map(({ node, bytes }) => ({ node, bytes })),
    unknown: count?.unknown ?? 'the service did not say',
    backings: [...backings.values()],
    fallbacks: [...new Set(segments.flatMap(({ fallbacks }) => fallbacks))],
  };
}
