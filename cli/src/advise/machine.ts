/** The machine that figures depend on, and which placements it allows. */
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { decidePlacement, type Placement } from '@irispair/common/placement/decide';
import { PLACEMENT_SETTINGS } from '@irispair/common/config/placement-settings';
import { readEnvironment } from '@irispair/common/config/environment';
import { MisconfiguredError } from '@irispair/common/errors/errors';
import type { Topology } from '@irispair/common/placement/topology';
import { availableKernels } from '@irispair/native/engine';
import { probeBinding } from '@irispair/native/process-binding';
import { z } from 'zod';
import type { Machine } from './report.js';

/** Describes it. */
export function describeMachine(topology: Topology): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown processor',
    cpus: availableParallelism(),
    memoryBytes: totalmem(),
    linux: release().replace(/-.*/, ''),
    node: process.versions.node,
    kernel: availableKernels().at(-1) ?? 'none',
    usableNodes: usableNodes(topology).length,
    nodes: usableNodes(topology).map(({ id, cpus: own, memoryBytes }) => ({
      node: id,
      cpus: own.length,
      memoryBytes,
    })),
  };
}

/** Nodes with CPUs for this process. */
export function usableNodes({ nodes }: Topology): Topology['nodes'] {
  return nodes.filter((node) => node.cpus.length > 0);
}

/**
 * Why a placement cannot be measured here; null when it can. The nodes that the environment names are those that the services
 * would take.
 */
export function whyNotHere(
  placement: Placement,
  topology: Topology,
  environment: Readonly<Record<string, string | undefined>>,
): string | null {
  if (placement !== 'split') return null;
  const settings = readEnvironment(z.object(PLACEMENT_SETTINGS), {
    ...environment,
    IRISPAIR_PLACEMENT: placement,
    IRISPAIR_PLACEMENT_STRICT: '1',
  });
  try {
    for (const service of ['graph', 'iris'] as const) decidePlacement(topology, settings, service);
  } catch (error) {
    if (!(error instanceof MisconfiguredError)) throw error;
    return error.message.replace(/;.*/, '');
  }
  const { cpusRefused, memoryRefused } = probeBinding();
  if (cpusRefused !== '') return `CPUs cannot be bound: ${cpusRefused}`;
  return memoryRefused === '' ? null : `memory cannot be bound: ${memoryRefused}; grant CAP_SYS_NICE`;
}
