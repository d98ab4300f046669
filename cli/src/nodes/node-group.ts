/** What names a planned node in a cluster, alike in every form of node group and in the chart. */
import type { NodePlan } from './node-plan.js';

/** A label and a taint of the nodes: pairs look for the one, other pods stay away from the other. */
export const NODE_LABEL = { 'irispair.dev/node': 'pair' } as const;
export const NODE_TAINT = { key: 'irispair.dev/node', value: 'pair', effect: 'NoSchedule' } as const;

/** The cluster that nodes join. */
export interface Cluster {
  readonly name: string;
  readonly region: string;
  /** Such as 1.35. */
  readonly kubernetesVersion: string;
}

/** The architecture as Kubernetes calls it. */
export function kubernetesArchitecture({ machine }: NodePlan): 'amd64' | 'arm64' {
  return machine.architecture === 'arm64' ? 'arm64' : 'amd64';
}
