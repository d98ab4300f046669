/** Arenas and worker pools as metrics, read from what the engine itself counts. */
import { SIDES, sideName } from '@irispair/common/iris/side';
import { onceAScrape, readCounter, readGauge, type Sample } from '@irispair/common/telemetry/read-metrics';
import type { ArenaPlacement, EngineCore, PoolCounters } from '@irispair/native/engine-types';
import type { Registry } from 'prom-client';

const NANOSECONDS_A_SECOND = 1e9;

type Reader = typeof readGauge;

/** Shows the engine. @param maximumCapacity irises beyond which enrolment is refused */
export function showEngine(registry: Registry, engine: EngineCore, maximumCapacity: number): void {
  readGauge(
    registry,
    {
      name: 'irispair_kernel_info',
      help: 'The distance kernel that this CPU runs; always 1',
      labelNames: ['kernel'],
    },
    () => [{ labels: { kernel: engine.kernel }, value: 1 }],
  );
  readCounter(
    registry,
    {
      name: 'irispair_distances_total',
      help: 'Irises compared, each over its whole rotation window; scans of everything included',
    },
    () => engine.counters().distances,
  );
  readGauge(
    registry,
    { name: 'irispair_queries', help: 'Probes that are prepared and not released' },
    () => engine.counters().queries,
  );
  readGauge(
    registry,
    { name: 'irispair_open_searches', help: 'Searches whose neighbourhood is kept' },
    () => engine.counters().openSearches,
  );
  showPools(registry, engine);
  showArenas(registry, engine, maximumCapacity);
}

function showPools(registry: Registry, engine: EngineCore): void {
  const metrics: [Reader, name: string, help: string, figure: (pool: PoolCounters) => number][] = [
    [readGauge, 'irispair_pool_workers', 'Worker threads of a side', ({ workers }) => workers],
    [
      readGauge,
      'irispair_pool_queued_tasks',
      'Tasks that wait for a worker of a side',
      ({ queued }) => queued,
    ],
    [readCounter, 'irispair_pool_tasks_total', 'Tasks that workers of a side have run', ({ tasks }) => tasks],
    [
      readCounter,
      'irispair_pool_steal_attempts_total',
      'Times an idle worker of a side looked for work of the other side',
      ({ stealAttempts }) => stealAttempts,
    ],
    [
      readCounter,
      'job_steal_count',
      'Times an idle worker of a side found work of the other side and did it',
      ({ steals }) => steals,
    ],
    [
      readCounter,
      'irispair_pool_busy_seconds_total',
      'Time that workers of a side spent in tasks',
      ({ busyNanoseconds }) => busyNanoseconds / NANOSECONDS_A_SECOND,
    ],
    [
      readCounter,
      'irispair_pool_idle_work_seconds_total',
      'Time that workers of a side spent in exact re-checks, which give way to everything else and are in no other figure of the pool',
      ({ idleWorkNanoseconds }) => idleWorkNanoseconds / NANOSECONDS_A_SECOND,
    ],
    [
      readCounter,
      'irispair_pool_slow_tasks_total',
      'Tasks that kept a worker of a side for over 1 ms',
      ({ slowTasks }) => slowTasks,
    ],
    [
      readCounter,
      'irispair_pool_slow_seconds_total',
      'Time that workers of a side spent in tasks of over 1 ms',
      ({ slowNanoseconds }) => slowNanoseconds / NANOSECONDS_A_SECOND,
    ],
    [
      readCounter,
      'irispair_pool_kernel_seconds_total',
      'CPU time that workers of a side spent in distance kernels',
      ({ kernelNanoseconds }) => kernelNanoseconds / NANOSECONDS_A_SECOND,
    ],
  ];
  const counters = onceAScrape(() => engine.counters());
  for (const [show, name, help, figure] of metrics) {
    show(registry, { name, help, labelNames: ['side'] }, () => {
      const pools = counters();
      return bySide((side) => figure(pools[side]));
    });
  }
}

function showArenas(registry: Registry, engine: EngineCore, maximumCapacity: number): void {
  readGauge(
    registry,
    { name: 'irispair_arena_maximum_irises', help: 'Irises beyond which enrolment is refused' },
    () => maximumCapacity,
  );
  const placement = onceAScrape(() => engine.placement(false));
  const metrics: [name: string, help: string, figure: (arena: ArenaPlacement) => number][] = [
    [
      'irispair_arena_capacity_irises',
      'Irises that the arena of a side holds before it grows',
      ({ capacity }) => capacity,
    ],
    [
      'irispair_arena_used_irises',
      'Slots in use in the arena of a side, those of replaced irises included until nobody reads them',
      ({ used }) => used,
    ],
  ];
  for (const [name, help, figure] of metrics) {
    readGauge(registry, { name, help, labelNames: ['side'] }, () => {
      const arenas = placement();
      return bySide((side) => figure(arenas[side]));
    });
  }
  readGauge(
    registry,
    {
      name: 'irispair_arena_bytes',
      help: 'Memory of the arena of a side by what it is mapped on',
      labelNames: ['side', 'backing'],
    },
    () => {
      const arenas = placement();
      return SIDES.map(sideName).flatMap((side) => bytesByBacking(side, arenas[side]));
    },
  );
}

type SideName = ReturnType<typeof sideName>;

function bySide(figure: (side: SideName) => number): Sample<'side', number>[] {
  return SIDES.map(sideName).map((side) => ({ labels: { side }, value: figure(side) }));
}

function bytesByBacking(side: SideName, { segments }: ArenaPlacement): Sample<'side' | 'backing', number>[] {
  const bytesOf = new Map<string, number>();
  for (const { backing, bytes } of segments) bytesOf.set(backing, (bytesOf.get(backing) ?? 0) + bytes);
  return Array.from(bytesOf, ([backing, value]) => ({ labels: { side, backing }, value }));
}
