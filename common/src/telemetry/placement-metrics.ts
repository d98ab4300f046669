/**
 * Where a service runs and lies, as metrics: the names that operators of such services look for, and ours.
 *
 * What the kernel has to be asked thread by thread and page by page is asked once a minute at most, by whoever reads the
 * metrics then: threads and pages do not move faster than that.
 */
import type { Registry } from 'prom-client';
import type { PlacementDecision } from '../placement/decide.js';
import type { MemoryCount, MemoryUse, ServiceReport, ThreadReport } from '../placement/report.js';
import type { NumaNode } from '../placement/topology.js';
import { readCounter, readGauge, type Sample } from './read-metrics.js';

const REPORT_MILLISECONDS = 60_000;
/** The node in the name of `hugepage_utilization_numa1`. */
const NODE_OF_UTILIZATION = 1;

/** Shows the decision. */
export function showDecision(registry: Registry, { placement, reason }: PlacementDecision): void {
  readGauge(
    registry,
    {
      name: 'irispair_placement_info',
      help: 'The placement decided at the start and its reason; always 1',
      labelNames: ['placement', 'reason'],
    },
    () => [{ labels: { placement, reason }, value: 1 }],
  );
}

/** Shows the hugepages of the machine. @param readNodes the nodes as they are now */
export function showHugepages(registry: Registry, readNodes: () => readonly NumaNode[]): void {
  const byNode = (figure: (node: NumaNode) => number) => () =>
    readNodes().map((node) => ({ labels: { node: String(node.id) }, value: figure(node) }));
  readGauge(
    registry,
    { name: 'hugepages_total_2mb', help: '2 MiB hugepages reserved on a node', labelNames: ['node'] },
    byNode(({ hugepages2Mb }) => hugepages2Mb.total),
  );
  readGauge(
    registry,
    { name: 'hugepages_free_2mb', help: '2 MiB hugepages of a node that nobody uses', labelNames: ['node'] },
    byNode(({ hugepages2Mb }) => hugepages2Mb.free),
  );
  readGauge(
    registry,
    {
      name: 'hugepage_utilization_numa1',
      help: 'Share of the 2 MiB hugepages of node 1 that are used, 0 to 1; none without such a node or hugepages',
    },
    () => utilizationOf(readNodes().find(({ id }) => id === NODE_OF_UTILIZATION)),
  );
}

function utilizationOf(node: NumaNode | undefined): number | undefined {
  if (node === undefined || node.hugepages2Mb.total === 0) return undefined;
  const { total, free } = node.hugepages2Mb;
  return (total - free) / total;
}

/**
 * Shows threads, migrations and memory by node.
 * @param read asks the kernel
 */
export function showPlacement(registry: Registry, read: () => Promise<ServiceReport>): void {
  const reports = new RecentReports(read);
  readGauge(
    registry,
    {
      name: 'job_start_numa_node',
      help: 'Node on which the main thread of the service ran at the first look',
    },
    async () => (await reports.read()).startNode,
  );
  readCounter(
    registry,
    { name: 'job_numa_migrations', help: 'Moves of threads between nodes that were seen, of all threads' },
    async () => (await reports.read()).report.nodeMigrations,
  );
  readCounter(
    registry,
    {
      name: 'job_cpu_migrations',
      help: 'Moves of threads between CPUs, of all threads; none where the kernel does not count them',
    },
    async () => (await reports.read()).cpuMigrations,
  );
  readGauge(
    registry,
    { name: 'irispair_threads', help: 'Threads by the node on which they ran last', labelNames: ['node'] },
    async () => threadsByNode((await reports.read()).report.threads),
  );
  readGauge(
    registry,
    {
      name: 'irispair_memory_bytes',
      help: 'Memory by what it holds and by node; wanted: whether the service asks for memory of that node',
      labelNames: ['use', 'node', 'wanted'],
    },
    async () => memoryByNode((await reports.read()).report),
  );
}

/** What was read, with what only several reports tell. */
interface RecentReport {
  readonly report: ServiceReport;
  readonly startNode: number | undefined;
  readonly cpuMigrations: number | undefined;
}

/** Reports that are at most a minute old. */
class RecentReports {
  private recent: Promise<RecentReport> | undefined;
  private readAt = 0;
  private startNode: number | undefined;
  private readonly migrations = new MigrationCount();

  constructor(private readonly ask: () => Promise<ServiceReport>) {}

  read(): Promise<RecentReport> {
    const now = performance.now();
    if (this.recent === undefined || now - this.readAt > REPORT_MILLISECONDS) {
      this.readAt = now;
      this.recent = this.readNow();
      // One that failed is asked for again by whoever comes next.
      this.recent.catch(() => {
        this.recent = undefined;
      });
    }
    return this.recent;
  }

  private async readNow(): Promise<RecentReport> {
    const report = await this.ask();
    this.startNode ??= mainThreadOf(report)?.lastNode ?? undefined;
    return { report, startNode: this.startNode, cpuMigrations: this.migrations.add(report.threads) };
  }
}

function mainThreadOf({ processId, threads }: ServiceReport): ThreadReport | undefined {
  return threads.find(({ threadId }) => threadId === processId);
}

/** Adds moves up over threads that come and go: a sum over those that run would shrink when one ends. */
class MigrationCount {
  private seen = new Map<number, number>();
  private total = 0;

  /** @returns all moves so far, or undefined where the kernel does not count them */
  add(threads: readonly ThreadReport[]): number | undefined {
    const now = new Map<number, number>();
    for (const { threadId, cpuMigrations } of threads) {
      if (cpuMigrations === null) return undefined;
      now.set(threadId, cpuMigrations);
      const before = this.seen.get(threadId) ?? 0;
      // Fewer than before: another thread that has got the same id.
      this.total += cpuMigrations < before ? cpuMigrations : cpuMigrations - before;
    }
    this.seen = now;
    return this.total;
  }
}

function threadsByNode(threads: readonly ThreadReport[]): Sample<'node', number>[] {
  const counts = new Map<string, number>();
  for (const { lastNode } of threads) {
    const node = lastNode === null ? 'unknown' : String(lastNode);
    counts.set(node, (counts.get(node) ?? 0) + 1);
  }
  return Array.from(counts, ([node, value]) => ({ labels: { node }, value }));
}

function memoryByNode(report: ServiceReport): Sample<'use' | 'node' | 'wanted', number>[] {
  const { parts, mappedFiles } = report.memory;
  const uses: [Use, MemoryCount][] = [
    ...parts.map(({ use, count }): [Use, MemoryCount] => [use, count]),
    ['mapped files', mappedFiles],
  ];
  return uses.flatMap(([use, count]) => {
    if (count.kind === 'unknown') return [];
    return Array.from(count.nodes, ([node, value]) => {
      const wanted = isWanted(report, use, node) ? 'yes' : 'no';
      return { labels: { use: use.replace(' ', '_'), node: String(node), wanted }, value };
    });
  });
}

type Use = MemoryUse | 'mapped files';

/** Irises have nodes of their own; all else is also at home where the threads are. */
function isWanted({ memoryNodes, node: home }: ServiceReport, use: Use, node: number): boolean {
  // Where no node is asked for, each is as good as another.
  if (memoryNodes.length === 0 || memoryNodes.includes(node)) return true;
  return node === home && use !== 'left irises' && use !== 'right irises';
}
