/** The lanes of the hop as metrics, read from what is open and what waits. */
import { readCounter, readGauge } from '@irispair/common/telemetry/read-metrics';
import type { Registry } from 'prom-client';
import type { LaneLoad } from '../iris/lane.js';
import type { Lanes } from '../iris/lanes.js';

const GAUGES: readonly [name: string, help: string, read: (load: LaneLoad) => number][] = [
  ['irispair_hop_lane_open_calls', 'Calls to the iris service that are open, by kind', ({ open }) => open],
  [
    'irispair_hop_lane_open_bytes',
    'Bytes that the open calls take of their lane, by kind',
    ({ openBytes }) => openBytes,
  ],
  [
    'irispair_hop_lane_waiting_calls',
    'Calls to the iris service that wait for others of their kind',
    ({ waiting }) => waiting,
  ],
];

/** Shows the lanes. */
export function showLanes(registry: Registry, lanes: Lanes): void {
  for (const [name, help, read] of GAUGES) {
    readGauge(registry, { name, help, labelNames: ['lane'] }, () =>
      lanes.loads().map(({ lane, load }) => ({ labels: { lane }, value: read(load) })),
    );
  }
  readCounter(
    registry,
    {
      name: 'irispair_hop_reconnects_total',
      help: 'Times that all connections to the iris service were made anew, for it sent no heartbeat',
    },
    () => lanes.reconnects,
  );
}
