/** The NUMA nodes of both ends of the hop, as traces show them. */
import type { PlacedService, PlacementDecision, ServicePlan } from '../placement/decide.js';
import type { Topology } from '../placement/topology.js';
import type { SpanAttributes } from './span.js';

/** By node number; undefined where a service may run on several, or where this one cannot know. */
export interface HopNodes {
  readonly source: number | undefined;
  readonly destination: number | undefined;
}

/**
 * From the graph service's node to the iris service's, as one of them knows it: of the other it knows the node in `split`,
 * and on a machine that has only one.
 */
export function hopNodes(decision: PlacementDecision, topology: Topology, service: PlacedService): HopNodes {
  const nodeOf = (which: PlacedService): number | undefined => {
    const plan = decision[which];
    if (plan.node !== null) return plan.node;
    const withCpus = topology.nodes.filter(({ allCpus }) => allCpus.length > 0);
    if (withCpus.length === 1) return withCpus[0].id;
    return which === service ? onlyNodeOf(plan, topology) : undefined;
  };
  return { source: nodeOf('graph'), destination: nodeOf('iris') };
}

/** Attributes of a span of the hop. */
export function nodeAttributes({ source, destination }: HopNodes): SpanAttributes {
  return {
    ...(source === undefined ? {} : { 'numa.node.source': source }),
    ...(destination === undefined ? {} : { 'numa.node.destination': destination }),
  };
}

function onlyNodeOf({ cpus }: ServicePlan, topology: Topology): number | undefined {
  const nodes = topology.nodes.filter(({ allCpus }) => cpus.some((cpu) => allCpus.includes(cpu)));
  return nodes.length === 1 ? nodes[0].id : undefined;
}
