/**
 * Whether a pair is where it should be (DESIGN section 4).
 *
 * 1. Placement is split, where that was asked for.
 * 2. Of each service's own memory at least 80 % is local and under 10 % remote.
 * 3. No thread may run, or was seen to run, on another node than its service's.
 * 4. The irises lie on reserved hugepages, all of them on their node.
 *
 * Pages of mapped files are not counted: they are the kernel's, shared by both services, and no process can bind them.
 * Where placement is not split, or the kernel does not say, that cannot be told.
 */
import { parseList } from '@irispair/native/topology';
import type * as placement from '@irispair/proto/placement';
import type { PlacementResponse } from '@irispair/proto/public';
import { formatBytes } from '../output/print.js';
import {
  bytesOf,
  bytesOn,
  formatShare,
  HUGEPAGE_BYTES,
  irisParts,
  isKnown,
  isOnHugepages,
  localNodes,
  PART_NAME,
  whyUnknown,
} from './figures.js';

/** Least share of a service's own memory that is local. */
export const LEAST_LOCAL = 0.8;

/** The share of a service's own memory that is remote stays below this. */
export const REMOTE_BELOW = 0.1;

const MOST_NAMED = 5;

/** Whether a target is met. */
export type Verdict = 'met' | 'missed' | 'cannot tell';

/** What is asked of a pair. */
export type Target =
  | 'split placement'
  | 'local memory'
  | 'remote memory'
  | 'threads on their node'
  | 'irises on hugepages'
  | 'irises on their node';

/** One target of one service, or of the pair. */
export interface TargetResult {
  readonly target: Target;
  readonly of: 'pair' | 'graph' | 'iris';
  readonly verdict: Verdict;
  readonly found: string;
  /** What to do about it; empty unless it is missed. */
  readonly remedy: string;
}

interface Finding {
  readonly verdict: Verdict;
  readonly found: string;
  readonly remedy: string;
}

/** Every target, in the order of the list above. */
export function checkTargets(report: PlacementResponse): TargetResult[] {
  const results: TargetResult[] = [{ target: 'split placement', of: 'pair', ...examineSplit(report) }];
  for (const name of ['graph', 'iris'] as const) {
    const service = report.services.find((one) => one.service === name);
    const examined = (target: Target, examine: (split: SplitService) => Finding) => {
      results.push({ target, of: name, ...whenSplit(service, report, examine) });
    };
    examined('local memory', examineLocal);
    examined('remote memory', examineRemote);
    examined('threads on their node', examineThreads);
    if (name === 'graph') continue;
    examined('irises on hugepages', examineHugepages);
    examined('irises on their node', examineIrises);
  }
  return results;
}

function met(found: string): Finding {
  return { verdict: 'met', found, remedy: '' };
}

function missed(found: string, remedy: string): Finding {
  return { verdict: 'missed', found, remedy };
}

function cannotTell(found: string): Finding {
  return { verdict: 'cannot tell', found, remedy: '' };
}

function examineSplit({ services, irisAway }: PlacementResponse): Finding {
  const told = tellPlacements(services);
  const split = services.filter(({ placement }) => placement === 'split').length;
  if (split > 0 && split < services.length) {
    return missed(told, 'give both services the same placement and node settings');
  }
  if (split === 0 && services.some(({ splitAsked }) => splitAsked)) {
    return missed(
      told,
      'name nodes that have CPUs and memory for the services (`irispair doctor` lists them), or set IRISPAIR_PLACEMENT=shared',
    );
  }
  if (split === 0) return cannotTell(told);
  return irisAway === '' ? met(told) : cannotTell(irisAway);
}

/** What each service decided, once where they agree. */
function tellPlacements(services: readonly placement.ServiceReport[]): string {
  const each = services.map(({ placement, reason }) => `${placement} (${reason})`);
  if (new Set(each).size === 1) return each[0];
  return services.map(({ service }, index) => `${service} service: ${each[index]}`).join('; ');
}

/** A service whose placement is split, and the node that its threads belong on. */
interface SplitService {
  readonly service: placement.ServiceReport;
  readonly node: number;
  readonly nodes: readonly placement.Node[];
}

function whenSplit(
  service: placement.ServiceReport | undefined,
  { nodes, irisAway }: PlacementResponse,
  examine: (split: SplitService) => Finding,
): Finding {
  if (service === undefined) return cannotTell(irisAway);
  if (service.placement !== 'split' || service.node === undefined) {
    return cannotTell(`placement is ${service.placement}: no node is the service's own`);
  }
  return examine({ service, node: service.node, nodes });
}

function examineLocal({ service }: SplitService): Finding {
  return examineShares(service, ({ local, all }, on) => {
    const found = `${formatShare(local / all)} of ${formatBytes(all)} on ${on}`;
    return local / all >= LEAST_LOCAL ? met(found) : missed(found, remedyForRemote(service));
  });
}

function examineRemote({ service }: SplitService): Finding {
  return examineShares(service, ({ local, all }, on) => {
    const remote = (all - local) / all;
    const found = `${formatShare(remote)} of ${formatBytes(all)} not on ${on}`;
    return remote < REMOTE_BELOW ? met(found) : missed(found, remedyForRemote(service));
  });
}

/** A service's own memory, bytes. */
interface Shares {
  readonly local: number;
  readonly all: number;
}

function examineShares(
  service: placement.ServiceReport,
  judge: (shares: Shares, on: string) => Finding,
): Finding {
  const count = service.ownMemory;
  if (!isKnown(count)) return cannotTell(whyUnknown(count));
  const all = bytesOf(count);
  if (all === 0) return cannotTell('the kernel tells of no memory');
  const nodes = localNodes(service);
  const local = nodes.reduce((sum, node) => sum + bytesOn(count, node), 0);
  return judge({ local, all }, `node ${nodes.join(' and ')}`);
}

function remedyForRemote(service: placement.ServiceReport): string {
  const local = localNodes(service);
  const strays = service.parts
    .map(({ use, count }) => {
      const remote = local.reduce((rest, node) => rest - bytesOn(count, node), bytesOf(count));
      return { name: PART_NAME[use], remote };
    })
    .filter(({ remote }) => remote > 0)
    .sort((one, other) => other.remote - one.remote)
    .map(({ name, remote }) => `${formatBytes(remote)} of ${name}`);
  const where = strays.length > 0 ? `elsewhere are ${strays.join(', ')}: ` : '';
  return (
    `${where}start the ${service.service} service again, so that its memory is placed anew; ` +
    'where its log says that binding was refused, grant CAP_SYS_NICE; ' +
    `where node ${local.join(' and ')} has no memory free, free some`
  );
}

function examineThreads({ service, node, nodes }: SplitService): Finding {
  const cpus = parseList(nodes.find((one) => one.node === node)?.cpus ?? '');
  if (cpus.length === 0) return cannotTell(`the kernel does not say which CPUs node ${node} has`);
  const strays = service.threads.filter(
    ({ allowedCpus, lastCpu }) =>
      !cpus.includes(lastCpu) || parseList(allowedCpus).some((cpu) => !cpus.includes(cpu)),
  );
  const all = service.threads.length;
  const moves = `${service.nodeMigrations} moves between nodes seen`;
  if (strays.length > 0) {
    const named = strays
      .slice(0, MOST_NAMED)
      .map(
        ({ name, threadId, allowedCpus, lastCpu }) =>
          `${name} ${threadId} (CPUs ${allowedCpus}, last ${lastCpu})`,
      );
    const more = strays.length > MOST_NAMED ? ', ...' : '';
    return missed(
      `${strays.length} of ${all} threads may run elsewhere: ${named.join(', ')}${more}; ${moves}`,
      `for each of them: taskset -cp ${service.cpus} THREAD; where that is refused, the service's cpuset lacks CPUs of node ${node}`,
    );
  }
  if (service.nodeMigrations > 0) {
    return missed(
      `${all} threads may run on node ${node} only, but ${moves}`,
      `something changed their CPUs: look for taskset, cpusets or an orchestrator, then start the ${service.service} service again`,
    );
  }
  return met(`${all} threads may run on node ${node} only, ${moves}`);
}

function examineHugepages({ service, nodes }: SplitService): Finding {
  const parts = irisParts(service);
  const found = parts.map(describeBacking).join('; ');
  const small = parts.flatMap(({ segments }) => segments.filter((segment) => !isOnHugepages(segment)));
  if (small.length === 0) return met(found);
  const fallbacks = [...new Set(small.flatMap((segment) => segment.fallbacks))];
  const pages = small.reduce((sum, { bytes }) => sum + Math.ceil(bytes / HUGEPAGE_BYTES), 0);
  const [node] = service.memoryNodes;
  const { hugepagesTotal: total = 0, hugepagesFree: free = 0 } = nodes.find((one) => one.node === node) ?? {};
  const wanted = total + Math.max(0, pages - free);
  return missed(
    [found, ...fallbacks].join('; '),
    `echo ${wanted} > /sys/devices/system/node/node${node}/hugepages/hugepages-2048kB/nr_hugepages, ` +
      'see that IRISPAIR_HUGEPAGES is not off, and start the iris service again',
  );
}

function describeBacking({ use, segments }: placement.MemoryPart): string {
  const bytes = new Map<string, number>();
  for (const segment of segments)
    bytes.set(segment.backing, (bytes.get(segment.backing) ?? 0) + segment.bytes);
  const kinds = [...bytes].map(([backing, some]) => `${formatBytes(some)} on ${backing} pages`);
  return `${PART_NAME[use]} ${kinds.join(' and ')}`;
}

function examineIrises({ service }: SplitService): Finding {
  const parts = irisParts(service);
  const unknown = parts.find(({ count }) => !isKnown(count));
  if (unknown !== undefined) return cannotTell(`${PART_NAME[unknown.use]}: ${whyUnknown(unknown.count)}`);
  const nodes = service.memoryNodes;
  const found = parts.map(({ use, count }) => {
    const here = nodes.reduce((sum, node) => sum + bytesOn(count, node), 0);
    return { name: PART_NAME[use], here, all: bytesOf(count) };
  });
  const told = found
    .map(
      ({ name, here, all }) =>
        `${name} ${formatBytes(here)} of ${formatBytes(all)} on node ${nodes.join(' and ')}`,
    )
    .join('; ');
  if (found.every(({ here, all }) => here === all)) return met(told);
  const fallbacks = [
    ...new Set(parts.flatMap(({ segments }) => segments.flatMap((segment) => segment.fallbacks))),
  ];
  return missed(
    [told, ...fallbacks].join('; '),
    `see that node ${nodes.join(' and ')} has hugepages or memory free for all of them and that binding is allowed (CAP_SYS_NICE), ` +
      'then start the iris service again',
  );
}
