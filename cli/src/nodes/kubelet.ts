/** The kubelet's configuration for a planned node, as its own type has it (kubelet.config.k8s.io/v1beta1). */
import type { NodePlan } from './node-plan.js';

/** The fields that a plan decides. Quantities as Kubernetes writes them. */
export interface PlannedKubelet {
  readonly cpuManagerPolicy: 'static';
  readonly memoryManagerPolicy: 'Static';
  readonly topologyManagerPolicy: 'restricted';
  readonly topologyManagerScope: 'container';
  readonly kubeReserved: Readonly<Record<string, string>>;
  readonly systemReserved: Readonly<Record<string, string>>;
  readonly evictionHard: Readonly<Record<string, string>>;
  readonly reservedMemory: readonly {
    readonly numaNode: number;
    readonly limits: Readonly<Record<string, string>>;
  }[];
}

/** A number of mebibytes as a quantity. */
export function mebibytes(count: number): string {
  return `${count}Mi`;
}

/**
 * What the kubelet must be told. CPUs are reserved by number, not by list: EKS images name cgroups for reserved resources,
 * with which the kubelet refuses a list.
 */
export function plannedKubelet({ reserved }: NodePlan): PlannedKubelet {
  return {
    cpuManagerPolicy: 'static',
    memoryManagerPolicy: 'Static',
    topologyManagerPolicy: 'restricted',
    topologyManagerScope: 'container',
    kubeReserved: { cpu: String(reserved.kubeCpus), memory: mebibytes(reserved.kubeMebibytes) },
    systemReserved: { cpu: String(reserved.systemCpus), memory: mebibytes(reserved.systemMebibytes) },
    evictionHard: {
      // An amount, not a share: the reserved memory must add up to it.
      'memory.available': mebibytes(reserved.evictionMebibytes),
      'nodefs.available': '10%',
      'nodefs.inodesFree': '5%',
    },
    reservedMemory: reserved.memoryByNode.map(({ node, mebibytes: count }) => ({
      numaNode: node,
      limits: { memory: mebibytes(count) },
    })),
  };
}
