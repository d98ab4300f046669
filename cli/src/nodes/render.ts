/** The forms in which a plan is written down. */
import { bottlerocketSettings } from './bottlerocket.js';
import { chartValues } from './chart-values.js';
import { eksctlConfig } from './eksctl.js';
import { karpenterObjects } from './karpenter.js';
import { plannedKubelet } from './kubelet.js';
import type { Cluster } from './node-group.js';
import type { NodePlan } from './node-plan.js';
import { userData, yaml } from './user-data.js';

/** Every form. */
export const FORMS = ['eksctl', 'karpenter', 'launch-template', 'bottlerocket', 'kubelet', 'values'] as const;
export type Form = (typeof FORMS)[number];

/** A plan in one form, as the text of a file. */
export function renderPlan(form: Form, plan: NodePlan, cluster: Cluster): string {
  switch (form) {
    case 'eksctl':
      return eksctlConfig(plan, cluster);
    case 'karpenter':
      return karpenterObjects(plan, cluster);
    case 'launch-template':
      return userData(plan);
    case 'bottlerocket':
      return bottlerocketSettings(plan);
    case 'kubelet':
      return yaml({
        apiVersion: 'kubelet.config.k8s.io/v1beta1',
        kind: 'KubeletConfiguration',
        ...plannedKubelet(plan),
      });
    case 'values':
      return chartValues(plan);
  }
}
