/**
 * Would an iris service of this capacity sit right where this process is? Asked in its place: with the settings, CPUs,
 * memory nodes and hugepages that its container will have.
 *
 * 1. The placement is decided as the service decides it; anything but split is unfit.
 * 2. The pages are counted: enough free on the node of the irises, allowed by the cgroup; and, where the kubelet binds memory,
 *    none elsewhere, for there it would put the container just as well.
 * 3. The arenas are mapped and populated as the service does it, every page is looked up, and all are given back.
 */
import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { readEnvironment, type Environment } from '@irispair/common/config/environment';
import { PLACEMENT_SETTINGS } from '@irispair/common/config/placement-settings';
import { messageOf } from '@irispair/common/errors/message';
import { PARTIES } from '@irispair/common/parties/party';
import { decidePlacement, type PlacementDecision } from '@irispair/common/placement/decide';
import { addMemory, unknownMemory } from '@irispair/common/placement/memory-count';
import { nodesOfPolicy } from '@irispair/common/placement/memory-policy';
import type { NumaNode, Topology } from '@irispair/common/placement/topology';
import { arenaHugepages, HUGEPAGE_BYTES } from '@irispair/native/arena-bytes';
import { openEngine } from '@irispair/native/engine';
import type { EngineCore, EngineOptions, SegmentPlacement } from '@irispair/native/engine-types';
import { inBytes } from '@irispair/native/page-count';
import { openSharedEngine } from '@irispair/native/shared-engine';
import { z } from 'zod';
import { RECORD_BYTES, type PairMode } from '../nodes/pair-mode.js';
import { formatBytes } from '../output/print.js';
import { fit, type Finding } from './finding.js';
import { examineBinding, examineKernel, examineLinux, examineRuntime } from './machine.js';

/** The iris service that is to come. */
export interface ComingService {
  readonly mode: PairMode;
  /** Irises that its arenas hold from the start. */
  readonly capacity: number;
}

const SETTINGS = z.object({
  ...PLACEMENT_SETTINGS,
  IRISPAIR_HUGETLBFS: z.string().default('/mnt/hugepages-2MB'),
});
type Settings = z.output<typeof SETTINGS>;

const GUIDE = 'docs/eks.md';
/** Limit of hugepages of this container, in bytes or `max`: cgroups of version 2, then of version 1. */
const LIMITS = ['/sys/fs/cgroup/hugetlb.2MB.max', '/sys/fs/cgroup/hugetlb/hugetlb.2MB.limit_in_bytes'];

/** Every finding. @throws MisconfiguredError when a setting holds what it may not */
export async function examineForPair(
  topology: Topology,
  coming: ComingService,
  environment: Environment,
): Promise<Finding[]> {
  const settings = readEnvironment(SETTINGS, environment);
  const general = [examineRuntime(), examineLinux(release()), examineKernel(), examineMachineNodes(topology)];
  const decided = decide(topology, settings);
  if ('fitness' in decided) return [...general, decided];
  const [node] = nodesOfPolicy(decided.arenas.policy);
  const pages = arenaHugepages(RECORD_BYTES[coming.mode], coming.capacity);
  const counted = [
    fit('placement', decided.reason),
    ...examineOwnBinding(settings),
    ...topology.nodes.flatMap((one) => examinePool(one, node, pages, settings)),
    examineLimit(pages),
  ];
  // Without the pages the trial fails too, and says less.
  const isPossible = counted.every(({ fitness }) => fitness === 'fit');
  const trial = isPossible ? [await tryArenas(decided, coming, settings)] : [];
  return [...general, ...counted, ...trial];
}

function examineMachineNodes({ nodes }: Topology): Finding {
  const usable = nodes.filter(({ allCpus, memoryBytes }) => allCpus.length > 0 && memoryBytes > 0);
  const found = `${usable.length} with CPUs and memory on this machine`;
  if (usable.length >= 2) return fit('NUMA nodes', found);
  return {
    what: 'NUMA nodes',
    fitness: 'unfit',
    found,
    remedy: `take a machine with two: irispair nodes sizes, ${GUIDE}`,
  };
}

/** As the iris service decides it, strictly. */
function decide(topology: Topology, settings: Settings): PlacementDecision | Finding {
  const strict = { ...settings, IRISPAIR_PLACEMENT: 'split', IRISPAIR_PLACEMENT_STRICT: true } as const;
  try {
    return decidePlacement(topology, strict, 'iris');
  } catch (error) {
    const remedy =
      settings.IRISPAIR_MEMORY_BINDING === 'cgroup'
        ? `the kubelet did not give this container one node: a Guaranteed pod with whole CPUs, static CPU and memory managers, topology manager restricted (${GUIDE})`
        : 'name nodes that have CPUs and memory for the services, IRIS_MPC_NUMA_TOKIO_NODE and IRIS_MPC_NUMA_WORKER_NODE';
    return { what: 'placement', fitness: 'unfit', found: messageOf(error), remedy };
  }
}

/** Where the service binds its memory itself, it must be let to. */
function examineOwnBinding({ IRISPAIR_MEMORY_BINDING: binding }: Settings): Finding[] {
  if (binding === 'cgroup') return [];
  const finding = examineBinding();
  return [finding.fitness === 'fit' ? finding : { ...finding, fitness: 'unfit' }];
}

/** The pool of one node: of the irises' node enough, of the others none where the kubelet goes by them. */
function examinePool(
  { id, hugepages2Mb: { total, free } }: NumaNode,
  irisNode: number | undefined,
  pages: number,
  settings: Settings,
): Finding[] {
  const what = `hugepages of node ${id}`;
  const found = `${free} of ${total} pages of 2 MiB free`;
  if (id === irisNode) {
    if (free >= pages) return [fit(what, `${found}, ${pages} needed`)];
    const remedy = `reserve ${total - free + pages} before the kubelet starts (irispair nodes plan), or lower the capacity`;
    return [{ what, fitness: 'unfit', found: `${found}, ${pages} needed`, remedy }];
  }
  if (settings.IRISPAIR_MEMORY_BINDING !== 'cgroup') return [];
  if (total === 0) return [fit(what, 'none')];
  const remedy = `reserve pages on node ${irisNode ?? 1} alone: the kubelet may put the container where any are (${GUIDE})`;
  return [{ what, fitness: 'unfit', found, remedy }];
}

function examineLimit(pages: number): Finding {
  const what = 'limit of hugepages';
  const needed = pages * HUGEPAGE_BYTES;
  const path = LIMITS.find((one) => existsSync(one));
  const text = path === undefined ? 'max' : readFileSync(path, 'utf8').trim();
  if (text === 'max') return fit(what, path === undefined ? 'not told by a cgroup' : 'none');
  const found = `${formatBytes(Number(text))}, ${formatBytes(needed)} needed`;
  if (Number(text) >= needed) return fit(what, found);
  const remedy = `give the container hugepages-2Mi: ${needed / 2 ** 20}Mi`;
  return { what, fitness: 'unfit', found, remedy };
}

/** Maps the arenas as the service would, and looks every page up. */
async function tryArenas(
  { arenas, iris }: PlacementDecision,
  { mode, capacity }: ComingService,
  { IRISPAIR_HUGETLBFS: hugetlbfs }: Settings,
): Promise<Finding> {
  const what = 'arenas';
  const pool = { cpus: iris.cpus.slice(0, 1), node: iris.node, pinned: false };
  const options: EngineOptions = {
    left: pool,
    right: pool,
    arena: {
      ...arenas,
      hugepages: 'require',
      hugetlbfs,
      initialCapacity: capacity,
      growBy: 1,
      maximumCapacity: capacity,
      strict: true,
    },
    kernel: null,
  };
  let engine: EngineCore;
  try {
    engine =
      mode === 'plain'
        ? await openEngine(options)
        : await openSharedEngine({ ...options, party: PARTIES[0] });
  } catch (error) {
    const remedy = 'do as it says; the iris service would stop with the same';
    return { what, fitness: 'unfit', found: messageOf(error), remedy };
  }
  const { left, right } = engine.placement(true);
  await engine.close();
  return judgeArenas([...left.segments, ...right.segments], nodesOfPolicy(arenas.policy)[0]);
}

/** Every page on that node, as far as the kernel tells it. */
function judgeArenas(segments: readonly SegmentPlacement[], node: number | undefined): Finding {
  const what = 'arenas';
  const bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
  const backings = [...new Set(segments.map(({ backing }) => backing))].join(', ');
  const mapped = `${formatBytes(bytes)} mapped on ${backings}`;
  const count = addMemory(
    segments.map(({ pages, pageBytes }) =>
      pages === null ? unknownMemory('not asked for') : inBytes(pages, pageBytes),
    ),
  );
  if (count.kind === 'unknown') {
    const remedy = 'where they lie is not known: let the container ask the kernel';
    return { what, fitness: 'degraded', found: `${mapped}, ${count.reason}`, remedy };
  }
  const places = [...count.nodes].map(([id, some]) => `${formatBytes(some)} on node ${id}`).join(', ');
  if ([...count.nodes.keys()].every((id) => id === node)) return fit(what, `${mapped}: ${places}`);
  const remedy = `the pages should be on node ${node ?? 1} alone (${GUIDE})`;
  return { what, fitness: 'unfit', found: `${mapped}: ${places}`, remedy };
}
