/** A cluster with a managed node group for one pair, as eksctl makes it (eksctl.io/v1alpha5). */
import { NODE_LABEL, NODE_TAINT, type Cluster } from './node-group.js';
import type { NodePlan } from './node-plan.js';
import { nodeConfig, reservingScript, yaml } from './user-data.js';

/** The ClusterConfig. eksctl writes its own NodeConfig and merges the one given here. */
export function eksctlConfig(plan: NodePlan, { name, region, kubernetesVersion }: Cluster): string {
  return yaml({
    apiVersion: 'eksctl.io/v1alpha5',
    kind: 'ClusterConfig',
    metadata: { name, region, version: kubernetesVersion },
    iam: { withOIDC: true },
    addons: [
      // The chart's NetworkPolicy means nothing until the network plugin heeds policies.
      { name: 'vpc-cni', configurationValues: '{"enableNetworkPolicy": "true"}' },
      { name: 'coredns' },
      { name: 'kube-proxy' },
      { name: 'aws-ebs-csi-driver', wellKnownPolicies: { ebsCSIController: true } },
    ],
    managedNodeGroups: [
      {
        name: 'system',
        amiFamily: 'AmazonLinux2023',
        instanceType: plan.machine.architecture === 'arm64' ? 'm7g.large' : 'm7i.large',
        desiredCapacity: 2,
        privateNetworking: true,
      },
      {
        name: 'irispair',
        amiFamily: 'AmazonLinux2023',
        instanceType: plan.machine.name,
        minSize: 0,
        desiredCapacity: 1,
        maxSize: 2,
        privateNetworking: true,
        volumeSize: 100,
        volumeType: 'gp3',
        volumeEncrypted: true,
        labels: NODE_LABEL,
        taints: [NODE_TAINT],
        disableIMDSv1: true,
        preBootstrapCommands: [reservingScript(plan)],
        overrideBootstrapCommand: nodeConfig(plan),
      },
    ],
  });
}
