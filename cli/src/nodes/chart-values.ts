/** Values of the Helm chart for a planned node. */
import { mebibytes } from './kubelet.js';
import { NODE_LABEL, NODE_TAINT } from './node-group.js';
import { hugepagesMebibytes, type NodePlan } from './node-plan.js';
import { yaml } from './user-data.js';

/** What the plan decides of the values; images, stores and parties are the operator's. */
export function chartValues({ mode, capacity, graph, iris }: NodePlan): string {
  const hugepages = mebibytes(hugepagesMebibytes(iris.hugepages));
  const { key, value, effect } = NODE_TAINT;
  return yaml({
    mode,
    capacity,
    memoryBinding: 'cgroup',
    numa: { graphNode: graph.node, irisNode: iris.node },
    graph: { cpus: graph.cpus, memory: mebibytes(graph.memoryMebibytes) },
    iris: { cpus: iris.cpus, memory: mebibytes(iris.memoryMebibytes), hugepages },
    node: { hugepages },
    nodeSelector: NODE_LABEL,
    tolerations: [{ key, operator: 'Equal', value, effect }],
  });
}
