/**
 * User data of a Bottlerocket node: its settings, as TOML.
 *
 * Bottlerocket has no script to run before the kubelet; the kernel itself reserves the pages, by a parameter of its command
 * line in the form NODE:PAGES. Set at first boot, it takes a reboot, which Bottlerocket does by itself before it joins.
 */
import { stringify } from 'smol-toml';
import { mebibytes, plannedKubelet } from './kubelet.js';
import { NODE_LABEL, NODE_TAINT } from './node-group.js';
import type { NodePlan } from './node-plan.js';

/** The settings, without the cluster's details. */
export function bottlerocketSettings(plan: NodePlan): string {
  const kubelet = plannedKubelet(plan);
  const settings = {
    boot: {
      'reboot-to-reconcile': true,
      'kernel-parameters': { hugepages: [`${plan.iris.node}:${plan.iris.hugepages}`] },
    },
    kubernetes: {
      'cpu-manager-policy': kubelet.cpuManagerPolicy,
      'memory-manager-policy': kubelet.memoryManagerPolicy,
      'topology-manager-policy': kubelet.topologyManagerPolicy,
      'topology-manager-scope': kubelet.topologyManagerScope,
      'kube-reserved': kubelet.kubeReserved,
      'system-reserved': kubelet.systemReserved,
      'eviction-hard': kubelet.evictionHard,
      'node-labels': NODE_LABEL,
      'node-taints': { [NODE_TAINT.key]: [`${NODE_TAINT.value}:${NODE_TAINT.effect}`] },
      'memory-manager-reserved-memory': Object.fromEntries(
        plan.reserved.memoryByNode.map(({ node, mebibytes: count }) => [
          String(node),
          { enabled: true, memory: mebibytes(count) },
        ]),
      ),
    },
  };
  return `${stringify({ settings })}\n`;
}
