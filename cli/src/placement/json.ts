/** Where a pair is, for programs: the names of the public API, kinds of memory in words. */
import type * as placement from '@irispair/proto/placement';
import type { PlacementResponse } from '@irispair/proto/public';
import { PART_NAME } from './figures.js';
import type { TargetResult } from './targets.js';

/** One JSON document. A figure that the kernel does not tell is null. */
export function placementJson(report: PlacementResponse, targets: readonly TargetResult[]): string {
  return JSON.stringify({
    nodes: report.nodes,
    services: report.services.map(serviceJson),
    irisAway: report.irisAway === '' ? null : report.irisAway,
    targets,
  });
}

function serviceJson({ node, threads, ownMemory, parts, mappedFiles, ...figures }: placement.ServiceReport) {
  return {
    ...figures,
    node: node ?? null,
    threads: threads.map(({ lastNode, cpuMigrations, ...thread }) => ({
      ...thread,
      lastNode: lastNode ?? null,
      cpuMigrations: cpuMigrations ?? null,
    })),
    ownMemory: countJson(ownMemory),
    parts: parts.map(({ use, count, segments }) => ({
      use: PART_NAME[use],
      count: countJson(count),
      segments,
    })),
    mappedFiles: countJson(mappedFiles),
  };
}

function countJson(count: placement.MemoryCount | undefined) {
  if (count === undefined) return null;
  const { nodes, notBackedBytes, interval, unknown } = count;
  return unknown === '' ? { nodes, notBackedBytes, interval, unknown: null } : { nodes: null, unknown };
}
