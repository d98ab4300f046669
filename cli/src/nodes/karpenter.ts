/**
 * Nodes for pairs, as Karpenter starts them: EC2NodeClass, NodePool, and a NodeOverlay.
 *
 * Karpenter reckons with what an instance type has and knows nothing of hugepages: without the overlay it finds no type
 * for a pod that asks for them.
 */
import { mebibytes, plannedKubelet } from './kubelet.js';
import { kubernetesArchitecture, NODE_LABEL, NODE_TAINT, type Cluster } from './node-group.js';
import { hugepagesMebibytes, type NodePlan } from './node-plan.js';
import { userData, yaml } from './user-data.js';

/** The three objects. */
export function karpenterObjects(plan: NodePlan, { name: cluster }: Cluster): string {
  const { kubeReserved, systemReserved, evictionHard } = plannedKubelet(plan);
  const discovery = [{ tags: { 'karpenter.sh/discovery': cluster } }];
  const nodeClass = {
    apiVersion: 'karpenter.k8s.aws/v1',
    kind: 'EC2NodeClass',
    metadata: { name: 'irispair' },
    spec: {
      amiFamily: 'AL2023',
      amiSelectorTerms: [{ alias: 'al2023@latest' }],
      role: `KarpenterNodeRole-${cluster}`,
      subnetSelectorTerms: discovery,
      securityGroupSelectorTerms: discovery,
      blockDeviceMappings: [
        { deviceName: '/dev/xvda', ebs: { volumeSize: '100Gi', volumeType: 'gp3', encrypted: true } },
      ],
      // What Karpenter reckons with; what the kubelet gets besides is in the user data.
      kubelet: { kubeReserved, systemReserved, evictionHard },
      userData: userData(plan),
    },
  };
  const isOneOf = (key: string, values: readonly string[]) => ({ key, operator: 'In', values });
  const nodePool = {
    apiVersion: 'karpenter.sh/v1',
    kind: 'NodePool',
    metadata: { name: 'irispair' },
    spec: {
      template: {
        metadata: { labels: NODE_LABEL },
        spec: {
          nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'irispair' },
          requirements: [
            isOneOf('node.kubernetes.io/instance-type', [plan.machine.name]),
            isOneOf('kubernetes.io/arch', [kubernetesArchitecture(plan)]),
            isOneOf('karpenter.sh/capacity-type', ['on-demand']),
          ],
          taints: [NODE_TAINT],
          // A pair loads for minutes: nodes are replaced when an operator says so.
          expireAfter: 'Never',
        },
      },
      disruption: { consolidationPolicy: 'WhenEmpty', consolidateAfter: '10m', budgets: [{ nodes: '1' }] },
    },
  };
  const overlay = {
    apiVersion: 'karpenter.sh/v1alpha1',
    kind: 'NodeOverlay',
    metadata: { name: 'irispair' },
    spec: {
      requirements: [isOneOf('karpenter.sh/nodepool', ['irispair'])],
      capacity: { 'hugepages-2Mi': mebibytes(hugepagesMebibytes(plan.iris.hugepages)) },
    },
  };
  return [nodeClass, nodePool, overlay].map(yaml).join('---\n');
}
