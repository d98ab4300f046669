/**
 * Decides where both services run (DESIGN section 4).
 *
 * 1. The usable nodes are those with at least one CPU that this process may run on.
 * 2. `split`: the graph service on its node's CPUs, preferring that node's memory; the iris service on its node's
 *    CPUs, its arenas bound to the memory node.
 * 3. `shared`: both on all allowed CPUs, memory interleaved over the allowed nodes.
 * 4. `off`: nothing is touched.
 * Where the cgroup binds memory, `split` asks nothing of the kernel and sees that each service was given its node alone.
 * What cannot be had falls back to `shared`, or stops the service when placement is strict.
 *
 * Each service decides by itself. In containers each may use its own node's CPUs alone: then both nodes must be named, and
 * of the other service's node it matters only that it is there.
 */
import type { PlacementSettings } from '../config/placement-settings.js';
import { MisconfiguredError } from '../errors/errors.js';
import type { MemoryPolicy } from './memory-policy.js';
import type { NumaNode, Topology } from './topology.js';

/** The three placements. */
export type Placement = 'split' | 'shared' | 'off';

/** Who decides. */
export type PlacedService = 'graph' | 'iris';

/** Where one service's threads run and where its memory comes from. */
export interface ServicePlan {
  /** The node its threads run on; null when they are not confined to one. */
  readonly node: number | null;
  readonly cpus: readonly number[];
  /** Policy of the whole process. */
  readonly memory: MemoryPolicy;
}

/** Where the irises lie. */
export interface ArenaMemoryPlan {
  readonly policy: MemoryPolicy;
  /** Nodes to interleave over when the policy is refused; empty when there is no such fallback. */
  readonly fallbackNodes: readonly number[];
}

/** What was decided, and why. */
export interface PlacementDecision {
  readonly placement: Placement;
  /** One sentence for logs, metrics and people. */
  readonly reason: string;
  readonly graph: ServicePlan;
  readonly iris: ServicePlan;
  readonly arenas: ArenaMemoryPlan;
}

/** @throws MisconfiguredError when placement is strict and what was asked for cannot be had */
export function decidePlacement(
  topology: Topology,
  settings: PlacementSettings,
  service: PlacedService,
): PlacementDecision {
  const wanted = settings.IRISPAIR_PLACEMENT;
  if (wanted === 'off') return off(topology, 'placement is off: IRISPAIR_PLACEMENT=off');
  if (wanted === 'shared')
    return shared(topology, 'both services share all nodes: IRISPAIR_PLACEMENT=shared');

  const nodes = chooseNodes(topology, settings, service);
  if (nodes.kind === 'chosen')
    return settings.IRISPAIR_MEMORY_BINDING === 'cgroup' ? given(nodes) : split(nodes, topology);
  if (settings.IRISPAIR_PLACEMENT_STRICT && isSplitAsked(settings)) {
    throw new MisconfiguredError(
      `placement split is not possible: ${nodes.problem}; set IRISPAIR_PLACEMENT=shared, name other nodes, or unset IRISPAIR_PLACEMENT_STRICT`,
    );
  }
  return shared(topology, `both services share all nodes: ${nodes.problem}`);
}

/** Whether split placement was asked for, by name or by naming nodes. */
export function isSplitAsked(settings: PlacementSettings): boolean {
  const { IRISPAIR_PLACEMENT: wanted } = settings;
  if (wanted !== undefined) return wanted === 'split';
  return (
    settings.IRIS_MPC_NUMA_TOKIO_NODE !== undefined ||
    settings.IRIS_MPC_NUMA_WORKER_NODE !== undefined ||
    settings.IRIS_MPC_NUMA_MEMORY_NODE !== undefined
  );
}

interface ChosenNodes {
  readonly kind: 'chosen';
  readonly graph: NumaNode;
  readonly worker: NumaNode;
  readonly memory: NumaNode;
}

interface NoNodes {
  readonly kind: 'none';
  readonly problem: string;
}

function chooseNodes(
  topology: Topology,
  settings: PlacementSettings,
  service: PlacedService,
): ChosenNodes | NoNodes {
  const usable = topology.nodes.filter((node) => node.cpus.length > 0);
  const graphId =
    settings.IRIS_MPC_NUMA_TOKIO_NODE ??
    usable.find((node) => node.id !== settings.IRIS_MPC_NUMA_WORKER_NODE)?.id;
  const workerId = settings.IRIS_MPC_NUMA_WORKER_NODE ?? usable.find((node) => node.id !== graphId)?.id;
  if (graphId === undefined || workerId === undefined) {
    return { kind: 'none', problem: `${usable.length} NUMA node has CPUs for this process, split needs 2` };
  }
  if (graphId === workerId) {
    return { kind: 'none', problem: `graph and iris service are both configured for node ${graphId}` };
  }
  const graph = topology.nodes.find((node) => node.id === graphId);
  if (graph === undefined || !hasCpus(graph, service === 'graph'))
    return { kind: 'none', problem: nodeProblem('IRIS_MPC_NUMA_TOKIO_NODE', graphId, topology) };
  const worker = topology.nodes.find((node) => node.id === workerId);
  if (worker === undefined || !hasCpus(worker, service === 'iris'))
    return { kind: 'none', problem: nodeProblem('IRIS_MPC_NUMA_WORKER_NODE', workerId, topology) };
  const memoryId = settings.IRIS_MPC_NUMA_MEMORY_NODE ?? workerId;
  const memory = topology.nodes.find((node) => node.id === memoryId);
  if (memory === undefined)
    return { kind: 'none', problem: nodeProblem('IRIS_MPC_NUMA_MEMORY_NODE', memoryId, topology) };
  if (memory.memoryBytes === 0 || (service === 'iris' && !memory.memoryAllowed)) {
    return { kind: 'none', problem: `node ${memoryId} has no memory that this process may use` };
  }
  if (settings.IRISPAIR_MEMORY_BINDING === 'cgroup') {
    const own = service === 'graph' ? graph : memory;
    const allowed = memoryNodes(topology);
    if (allowed.length !== 1 || allowed[0] !== own.id) {
      return {
        kind: 'none',
        problem:
          `memory may come from ${allowed.length === 1 ? 'node' : 'nodes'} ${allowed.join(', ')}, ` +
          `and IRISPAIR_MEMORY_BINDING=cgroup needs a cgroup that allows node ${own.id} alone`,
      };
    }
  }
  return { kind: 'chosen', graph, worker, memory };
}

/** Whether the service that belongs on a node can run there; of another's node only the machine is asked. */
function hasCpus({ cpus, allCpus }: NumaNode, isOwn: boolean): boolean {
  return (isOwn ? cpus : allCpus).length > 0;
}

function nodeProblem(setting: string, id: number, topology: Topology): string {
  const known = topology.nodes.map((node) => node.id).join(', ');
  return topology.nodes.some((node) => node.id === id)
    ? `node ${id} (${setting}) has no CPU that this process may run on`
    : `node ${id} (${setting}) does not exist here: the nodes are ${known}`;
}

function split({ graph, worker, memory }: ChosenNodes, topology: Topology): PlacementDecision {
  const others = memoryNodes(topology);
  return {
    placement: 'split',
    reason: `graph service on node ${graph.id}, iris service on node ${worker.id}, irises in the memory of node ${memory.id}`,
    graph: { node: graph.id, cpus: graph.cpus, memory: memoryOf(graph) },
    iris: { node: worker.id, cpus: worker.cpus, memory: memoryOf(worker) },
    arenas: { policy: { kind: 'bind', nodes: [memory.id] }, fallbackNodes: others.length > 1 ? others : [] },
  };
}

/** As {@link split}, where the cgroup gave the memory. */
function given({ graph, worker, memory }: ChosenNodes): PlacementDecision {
  const of = ({ id }: NumaNode): MemoryPolicy => ({ kind: 'given', nodes: [id] });
  return {
    placement: 'split',
    reason: `graph service on node ${graph.id}, iris service on node ${worker.id}, irises in the memory of node ${memory.id}, as the cgroups give it`,
    graph: { node: graph.id, cpus: graph.cpus, memory: of(graph) },
    iris: { node: worker.id, cpus: worker.cpus, memory: of(worker) },
    arenas: { policy: of(memory), fallbackNodes: [] },
  };
}

/** The node's own memory; where it has none for this process, the nearest, as the kernel chooses it. */
function memoryOf(node: NumaNode): MemoryPolicy {
  return hasMemory(node) ? { kind: 'preferred', node: node.id } : { kind: 'default' };
}

function hasMemory({ memoryAllowed, memoryBytes }: NumaNode): boolean {
  return memoryAllowed && memoryBytes > 0;
}

function shared(topology: Topology, reason: string): PlacementDecision {
  const nodes = memoryNodes(topology);
  const memory: MemoryPolicy = nodes.length > 1 ? { kind: 'interleave', nodes } : { kind: 'default' };
  const plan: ServicePlan = { node: null, cpus: topology.allowedCpus, memory };
  return {
    placement: 'shared',
    reason,
    graph: plan,
    iris: plan,
    arenas: { policy: memory, fallbackNodes: [] },
  };
}

function off(topology: Topology, reason: string): PlacementDecision {
  const plan: ServicePlan = { node: null, cpus: topology.allowedCpus, memory: { kind: 'default' } };
  return {
    placement: 'off',
    reason,
    graph: plan,
    iris: plan,
    arenas: { policy: { kind: 'default' }, fallbackNodes: [] },
  };
}

function memoryNodes(topology: Topology): number[] {
  return topology.nodes.filter(hasMemory).map((node) => node.id);
}
