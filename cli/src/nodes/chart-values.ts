/** Values of the Helm chart for a planned node. */
import { mebibytes } from './kubelet.js';
import { NODE_LABEL, NODE_TAINT } from './node-group.js';
import { hugepagesMebibytes, type NodePlan } from './node-plan.js';
import { yaml } from './user-data.js';

/** Bytes of an iris in LMDB: on pages of 4 KiB of its own. The graph's part is that of both sides, full rows taken for granted. */
const STORED_BYTES: Readonly<Record<NodePlan['mode'], number>> = { plain: 8_192, shared: 77_824 };
const GRAPH_BYTES = 5_120;
/** For what LMDB keeps beside, such as pages that were freed. */
const ROOM = 1.25;
const LEAST_GIBIBYTES = 2;
const GIBIBYTE = 2 ** 30;

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
    store: {
      volume: {
        irises: gibibytes(capacity * STORED_BYTES[mode]),
        graph: gibibytes(capacity * GRAPH_BYTES),
      },
    },
    nodeSelector: NODE_LABEL,
    tolerations: [{ key, operator: 'Equal', value, effect }],
  });
}

/** Size of a volume for so many bytes. */
function gibibytes(bytes: number): string {
  return `${LEAST_GIBIBYTES + Math.ceil((ROOM * bytes) / GIBIBYTE)}Gi`;
}
