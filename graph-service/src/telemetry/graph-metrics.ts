/** The graph, its walkers, and what waits to be decided, as metrics. */
import { readCounter, readGauge } from '@irispair/common/telemetry/read-metrics';
import type { Registry as MetricRegistry } from 'prom-client';
import type { Desk } from '../batch/desk.js';
import type { GraphIndex } from '../index/graph-index.js';
import type { Registry } from '../iris/registry.js';

/** Shows the graph. */
export function showGraph(metrics: MetricRegistry, index: GraphIndex): void {
  const gauges: [name: string, help: string, read: () => number][] = [
    ['irispair_graph_nodes', 'Live nodes of the graph of each side', () => index.size],
    [
      'irispair_graph_entry_points',
      'Nodes from which walks start, on each side',
      () => index.shape.entryPoints,
    ],
    [
      'irispair_graph_upper_layers',
      'Layers above the bottom one that walks start from',
      () => index.shape.upperLayers,
    ],
    ['irispair_graph_bytes', 'Memory of both graphs', () => bytesOf(index.arrays())],
    [
      'irispair_graph_unsaved',
      'Whether changes of the graph wait that could not be stored: 1 or 0',
      () => Number(index.isUnsaved),
    ],
    ['irispair_walkers', 'Threads that walk the graph', () => index.threads.running],
  ];
  for (const [name, help, read] of gauges) readGauge(metrics, { name, help }, read);
  readCounter(
    metrics,
    {
      name: 'irispair_walker_deaths_total',
      help: 'Threads that walk the graph and ended without being asked',
    },
    () => index.threads.deaths,
  );
}

/** Shows who is enrolled and what waits. */
export function showRequests(metrics: MetricRegistry, registry: Registry, desk: Desk): void {
  readGauge(
    metrics,
    { name: 'irispair_enrolled_people', help: 'People enrolled and not deleted, as the graph service knows' },
    () => registry.live,
  );
  readGauge(
    metrics,
    { name: 'irispair_waiting_requests', help: 'Requests that wait for their batch' },
    () => desk.waiting,
  );
  readGauge(
    metrics,
    {
      name: 'irispair_expected_answer_seconds',
      help: 'Time until a request is expected to be answered that comes now over a connection of its own',
    },
    () => desk.expectedMilliseconds / 1_000,
  );
}

function bytesOf(arrays: readonly Uint32Array[]): number {
  return arrays.reduce((sum, { byteLength }) => sum + byteLength, 0);
}
