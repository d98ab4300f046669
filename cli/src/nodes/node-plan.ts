/**
 * How a Kubernetes node is divided for one pair (DESIGN sections 4 and 10).
 *
 * 1. The arenas take 2 MiB hugepages of the iris node alone: so the kubelet's topology manager has one place for the
 *    container that asks for them.
 * 2. The iris service gets every CPU of its node, the graph service those of its node but for whole cores kept for the
 *    system and for other pods.
 * 3. The kubelet's memory manager is told which node the reserved memory comes from. The sum must equal kubeReserved +
 *    systemReserved + the hard eviction threshold to the byte, or the kubelet does not start. Hugepages are none of it: they
 *    are capacity, and what the kubelet has left of a node's memory is less by them.
 * 4. What does not fit is refused, with the figure and what would fit.
 */
import { InvalidInputError } from '@irispair/common/errors/errors';
import { expectedGraphBytes } from '@irispair/graph-service/graph/graph-bytes';
import { parametersFor } from '@irispair/graph-service/graph/parameters';
import { rowLimitFor } from '@irispair/graph-service/index/graph-index';
import { arenaHugepages, HUGEPAGE_BYTES } from '@irispair/native/arena-bytes';
import { expectedFacts, INSTANCE_TYPES } from './instance-types.js';
import type { MachineFacts, NodeFacts } from './machine-facts.js';
import { RECORD_BYTES, type PairMode } from './pair-mode.js';

/** What is wanted of a node. */
export interface NodeWish {
  readonly machine: MachineFacts;
  readonly mode: PairMode;
  /** Irises that the arenas hold from the start; there are no hugepages to grow into. */
  readonly capacity: number;
}

/** What the system keeps of the CPUs and of every node's memory. */
export interface Reserved {
  readonly kubeCpus: number;
  readonly kubeMebibytes: number;
  readonly systemCpus: number;
  readonly systemMebibytes: number;
  /** The hard eviction threshold of memory. */
  readonly evictionMebibytes: number;
  /** Ascending by node. The sum is that of the three above. */
  readonly memoryByNode: readonly { readonly node: number; readonly mebibytes: number }[];
}

/** What a container asks for and is limited to. */
export interface ContainerShare {
  readonly node: number;
  /** Whole CPUs. */
  readonly cpus: number;
  /** Without hugepages. */
  readonly memoryMebibytes: number;
}

/** How a node is divided. */
export interface NodePlan {
  readonly machine: MachineFacts;
  readonly mode: PairMode;
  readonly capacity: number;
  readonly reserved: Reserved;
  readonly graph: ContainerShare;
  readonly iris: ContainerShare & {
    /** 2 MiB pages that are reserved on its node and that its container asks for. */
    readonly hugepages: number;
  };
}

const MEBIBYTE = 2 ** 20;
/** Container memory is given in steps of this. */
const STEP_MEBIBYTES = 256;

const KUBE_MEBIBYTES = 1_024;
const SYSTEM_MEBIBYTES = 1_024;
const EVICTION_MEBIBYTES = 100;
/** The kernel's and the daemons' part of a node other than the graph node. */
const RESERVED_ELSEWHERE_MEBIBYTES = 512;

/** Kept for DaemonSets and other pods beside the pair, on the graph node. */
const OTHER_PODS_CPUS = 2;
const OTHER_PODS_MEBIBYTES = 2_048;

/** Node.js with its heap, gRPC, the store's caches, queries in flight. */
const GRAPH_BASE_MEBIBYTES = 4_096;
const IRIS_BASE_MEBIBYTES = 4_096;
/** Beside graph and arenas: registry, directory, versions. */
const GRAPH_BYTES_AN_IRIS = 256;
const IRIS_BYTES_AN_IRIS = 64;

const HIGHEST_CAPACITY = 0xffff_fffe;

/** @throws InvalidInputError when it does not fit, with what would */
export function planNode(wish: NodeWish): NodePlan {
  const { machine, mode, capacity } = wish;
  if (!Number.isInteger(capacity) || capacity < 1 || capacity > HIGHEST_CAPACITY) {
    throw new InvalidInputError(
      '--capacity',
      `${capacity}: give irises, an integer from 1 to ${HIGHEST_CAPACITY}`,
    );
  }
  const { graphNode, irisNode } = chooseNodes(wish);
  const reserved = reserve(machine, graphNode);
  const graph = {
    node: graphNode.id,
    cpus: graphCpus(machine, graphNode, reserved),
    memoryMebibytes: graphMebibytes(capacity),
  };
  const iris = {
    node: irisNode.id,
    cpus: wholeCores(machine, irisNode.cpus.length),
    memoryMebibytes: irisMebibytes(capacity),
    hugepages: arenaHugepages(RECORD_BYTES[mode], capacity),
  };
  const plan = { machine, mode, capacity, reserved, graph, iris };
  checkMemory(wish, plan, irisNode, graphNode);
  return plan;
}

/** The most irises for which there is a plan; 0 when there is none at all. */
export function mostIrises(wish: Omit<NodeWish, 'capacity'>): number {
  let fits = 0;
  let tooMany = HIGHEST_CAPACITY + 1;
  while (tooMany - fits > 1) {
    const capacity = Math.floor((fits + tooMany) / 2);
    if (hasPlan({ ...wish, capacity })) fits = capacity;
    else tooMany = capacity;
  }
  return fits;
}

/** Mebibytes that the kubelet keeps from pods, of all nodes together. */
export function reservedMebibytes({ kubeMebibytes, systemMebibytes, evictionMebibytes }: Reserved): number {
  return kubeMebibytes + systemMebibytes + evictionMebibytes;
}

/** Mebibytes of a number of 2 MiB pages. */
export function hugepagesMebibytes(pages: number): number {
  return (pages * HUGEPAGE_BYTES) / MEBIBYTE;
}

interface ChosenNodes {
  readonly graphNode: NodeFacts;
  readonly irisNode: NodeFacts;
}

/** The first usable node is the graph service's: the kubelet reserves the lowest CPUs for the system, which are there. */
function chooseNodes({ machine, mode, capacity }: NodeWish): ChosenNodes {
  const usable = machine.nodes.filter(({ cpus, memoryBytes }) => cpus.length > 0 && memoryBytes > 0);
  if (usable.length < 2) {
    throw new InvalidInputError(
      'machine',
      `${machine.name} has ${usable.length} NUMA node with CPUs and memory, a pair needs two: ${larger(machine, mode, capacity)}`,
    );
  }
  const [graphNode, irisNode] = usable;
  return { graphNode, irisNode };
}

/** One core for the kubelet, one for the system: whole ones, for the static CPU manager reserves CPUs, not parts of them. */
function reserve({ nodes, threadsPerCore }: MachineFacts, graphNode: NodeFacts): Reserved {
  const sum = KUBE_MEBIBYTES + SYSTEM_MEBIBYTES + EVICTION_MEBIBYTES;
  const others = nodes.filter(({ id }) => id !== graphNode.id);
  const elsewhere = others.flatMap(({ id, memoryBytes }) => {
    const most = Math.min(RESERVED_ELSEWHERE_MEBIBYTES, sum / 2 / others.length, memoryBytes / MEBIBYTE / 8);
    // The kubelet refuses a reservation of nothing.
    return most < 1 ? [] : [{ node: id, mebibytes: Math.floor(most) }];
  });
  const rest = elsewhere.reduce((left, { mebibytes }) => left - mebibytes, sum);
  const memoryByNode = [{ node: graphNode.id, mebibytes: rest }, ...elsewhere].sort(
    (a, b) => a.node - b.node,
  );
  const cpus = Math.max(2, threadsPerCore);
  return {
    kubeCpus: cpus / 2,
    kubeMebibytes: KUBE_MEBIBYTES,
    systemCpus: cpus / 2,
    systemMebibytes: SYSTEM_MEBIBYTES,
    evictionMebibytes: EVICTION_MEBIBYTES,
    memoryByNode,
  };
}

function graphCpus(
  machine: MachineFacts,
  { id, cpus }: NodeFacts,
  { kubeCpus, systemCpus }: Reserved,
): number {
  const kept = kubeCpus + systemCpus + OTHER_PODS_CPUS;
  const left = wholeCores(machine, cpus.length - kept);
  if (left >= machine.threadsPerCore) return left;
  throw new InvalidInputError(
    'machine',
    `node ${id} of ${machine.name} has ${cpus.length} CPUs, ${kept} of them are kept for the system and other pods: take a larger machine`,
  );
}

/** Whole cores: the static CPU manager hands them out so, and half a core is shared with whoever comes next. */
function wholeCores({ threadsPerCore }: MachineFacts, cpus: number): number {
  return Math.floor(cpus / threadsPerCore) * threadsPerCore;
}

function graphMebibytes(capacity: number): number {
  const { m } = parametersFor(capacity, {});
  const graph = expectedGraphBytes(capacity, m, rowLimitFor(capacity, {}));
  return inSteps(GRAPH_BASE_MEBIBYTES + (graph + capacity * GRAPH_BYTES_AN_IRIS) / MEBIBYTE);
}

function irisMebibytes(capacity: number): number {
  return inSteps(IRIS_BASE_MEBIBYTES + (capacity * IRIS_BYTES_AN_IRIS) / MEBIBYTE);
}

function inSteps(mebibytes: number): number {
  return Math.ceil(mebibytes / STEP_MEBIBYTES) * STEP_MEBIBYTES;
}

function checkMemory(wish: NodeWish, plan: NodePlan, irisNode: NodeFacts, graphNode: NodeFacts): void {
  const { graph, iris } = plan;
  const irisNeeds =
    hugepagesMebibytes(iris.hugepages) + iris.memoryMebibytes + reservedOn(plan.reserved, irisNode);
  refuseMore(
    wish,
    irisNode,
    irisNeeds,
    `${iris.hugepages} hugepages of 2 MiB and ${iris.memoryMebibytes} MiB beside`,
  );
  const graphNeeds = graph.memoryMebibytes + OTHER_PODS_MEBIBYTES + reservedOn(plan.reserved, graphNode);
  refuseMore(wish, graphNode, graphNeeds, `${graph.memoryMebibytes} MiB for the graph`);
}

function reservedOn({ memoryByNode }: Reserved, { id }: NodeFacts): number {
  return memoryByNode.find(({ node }) => node === id)?.mebibytes ?? 0;
}

function refuseMore(wish: NodeWish, { id, memoryBytes }: NodeFacts, mebibytes: number, what: string): void {
  if (mebibytes * MEBIBYTE <= memoryBytes) return;
  const { machine, mode, capacity } = wish;
  const has = Math.floor(memoryBytes / MEBIBYTE);
  throw new CapacityError(
    `${capacity} irises in ${mode} mode take ${what}, with what is reserved ${mebibytes} MiB; node ${id} of ${machine.name} has ${has} MiB`,
    wish,
  );
}

/** It does not fit. What would is worked out only when it is asked for. */
class CapacityError extends InvalidInputError {
  constructor(
    readonly problem: string,
    readonly wish: NodeWish,
  ) {
    super('--capacity', problem);
  }
}

function hasPlan(wish: NodeWish): boolean {
  try {
    planNode(wish);
    return true;
  } catch (error) {
    if (error instanceof InvalidInputError) return false;
    throw error;
  }
}

/** As {@link planNode}; a refusal names the most irises that fit here and the least machine on which they all do. */
export function planNodeOrAdvise(wish: NodeWish): NodePlan {
  try {
    return planNode(wish);
  } catch (error) {
    if (!(error instanceof CapacityError)) throw error;
    const most = mostIrises(wish);
    const fewer = most === 0 ? 'no pair fits there' : `at most ${most} fit there`;
    throw new InvalidInputError(
      '--capacity',
      `${error.problem}: ${fewer}; ${larger(wish.machine, wish.mode, wish.capacity)}`,
    );
  }
}

function larger({ architecture, name }: MachineFacts, mode: PairMode, capacity: number): string {
  const fitting = INSTANCE_TYPES.find(
    (type) =>
      type.architecture === architecture &&
      type.name !== name &&
      hasPlan({ machine: expectedFacts(type), mode, capacity }),
  );
  return fitting === undefined
    ? 'no listed instance type holds as many'
    : `the smallest listed type that holds them is ${fitting.name} (${fitting.memoryGib} GiB on ${fitting.numaNodes} nodes)`;
}
