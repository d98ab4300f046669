/** The hop as metrics, read from what the ends of the hop have counted. */
import { DURATION_BOUNDS } from '@irispair/common/telemetry/buckets';
import { readCounter, readHistogram } from '@irispair/common/telemetry/read-metrics';
import type { Registry } from 'prom-client';
import type { HopCounters } from '../hop/hop-counters.js';
import { HOP_STAGES, type HopDurations } from '../hop/hop-durations.js';

/** What has counted hops. */
export interface CountedHops {
  counters(): HopCounters;
  durations(): HopDurations;
}

const COUNTERS = {
  hops: ['irispair_hops_total', 'Messages of the hop that were answered'],
  steps: ['irispair_hop_steps_total', 'Steps of searches in them'],
  candidates: ['irispair_hop_candidates_total', 'Candidates in them'],
  searches: ['irispair_hop_searches_total', 'Searches opened by them'],
  bytes: [
    'irispair_hop_bytes_total',
    'Bytes of candidates, ranks and distances in them and in their answers',
  ],
  disconnects: ['irispair_hop_disconnects_total', 'Streams of the hop that were lost'],
} as const;

/** Shows the hop. */
export function showHop(registry: Registry, hops: CountedHops): void {
  for (const name of Object.keys(COUNTERS) as (keyof typeof COUNTERS)[]) {
    const [metric, help] = COUNTERS[name];
    readCounter(registry, { name: metric, help }, () => hops.counters()[name]);
  }
  readHistogram(
    registry,
    {
      name: 'irispair_hop_round_trip_seconds',
      help: 'Time from the sending of a message of the hop to its answer',
      bounds: DURATION_BOUNDS,
    },
    () => hops.durations().round_trip,
  );
  readHistogram(
    registry,
    {
      name: 'irispair_hop_stage_seconds',
      help: 'The parts of that time: the way out, waiting for a worker, computing, the way back',
      labelNames: ['stage'],
      bounds: DURATION_BOUNDS,
    },
    () => {
      const durations = hops.durations();
      return HOP_STAGES.map((stage) => ({ labels: { stage }, value: durations[stage] }));
    },
  );
}
