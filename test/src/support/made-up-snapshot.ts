/** Snapshots for the page of machines that the tests do not have. */
import { DURATION_BOUNDS, countValue, noValues } from '@irispair/common/telemetry/buckets';
import { nodeFigures, servicesFigures } from '@irispair/graph-service/page/placement-figures';
import type { HopFigures, SlowRequest, Snapshot } from '@irispair/graph-service/page/snapshot';
import type { PlacementResponse } from '@irispair/proto/public';

/** Messages of the hop that are made up for each snapshot. */
const HOPS_A_SNAPSHOT = 1_200;

/** How long each message's stages take, seconds; one message of 50 takes ten times as long. */
const SECONDS = {
  transit_out: 70e-6,
  queue: 30e-6,
  compute: 210e-6,
  transit_back: 80e-6,
  round_trip: 390e-6,
} as const;

function durationsAfter(snapshots: number, seconds: number): number[] {
  const fifty = noValues(DURATION_BOUNDS);
  for (let hop = 0; hop < 50; hop++) countValue(fifty, DURATION_BOUNDS, seconds * (hop === 0 ? 10 : 1));
  return Array.from(fifty, (figure) => (figure * snapshots * HOPS_A_SNAPSHOT) / 50);
}

function hopAfter(snapshots: number): HopFigures {
  const hops = snapshots * HOPS_A_SNAPSHOT;
  return {
    hops,
    steps: 6 * hops,
    candidates: 240 * hops,
    bytes: 2_100 * hops,
    disconnects: 0,
    bounds: [...DURATION_BOUNDS],
    durations: {
      transit_out: durationsAfter(snapshots, SECONDS.transit_out),
      queue: durationsAfter(snapshots, SECONDS.queue),
      compute: durationsAfter(snapshots, SECONDS.compute),
      transit_back: durationsAfter(snapshots, SECONDS.transit_back),
      round_trip: durationsAfter(snapshots, SECONDS.round_trip),
    },
  };
}

/** A slow enrolment and a slow verification. */
export function slowRequests(): SlowRequest[] {
  const search = { hops: 9, candidates: 2_310, onHopMilliseconds: 14.1, startMilliseconds: 4.4 };
  return [
    {
      number: 31,
      kind: 'enroll',
      ended: 'answered',
      endedAgoMilliseconds: 12_000,
      milliseconds: 41.2,
      batchRequests: 8,
      waitingMilliseconds: 3.1,
      stages: [
        { stage: 'upload of probes', startMilliseconds: 3.1, milliseconds: 1.2 },
        { stage: 'searches', startMilliseconds: 4.3, milliseconds: 19.5 },
        { stage: 'batch mates', startMilliseconds: 4.3, milliseconds: 0.9 },
        { stage: 'direct comparisons', startMilliseconds: 23.8, milliseconds: 0.8 },
        { stage: 'commit', startMilliseconds: 24.7, milliseconds: 9.8 },
        { stage: 'link', startMilliseconds: 34.6, milliseconds: 6.5 },
      ],
      searches: [
        { ...search, side: 'left', orientation: 'normal', milliseconds: 16.2 },
        { ...search, side: 'right', orientation: 'normal', milliseconds: 15.1 },
        { ...search, side: 'left', orientation: 'mirror', milliseconds: 19.2 },
        { ...search, side: 'right', orientation: 'mirror', milliseconds: 14.9 },
      ],
    },
    {
      number: 30,
      kind: 'verify',
      ended: 'failed',
      endedAgoMilliseconds: 124_000,
      milliseconds: 9.4,
      batchRequests: 1,
      waitingMilliseconds: 2.2,
      stages: [
        { stage: 'upload of probes', startMilliseconds: 2.2, milliseconds: 0.6 },
        { stage: 'verification', startMilliseconds: 2.9, milliseconds: 6.4 },
      ],
      searches: [],
    },
  ];
}

/** The snapshot after so many others, one a second. */
export function madeUpSnapshot(
  response: PlacementResponse,
  snapshots: number,
  more: Partial<Snapshot> = {},
): Snapshot {
  const [{ placement, reason }] = response.services;
  return {
    version: '0.0.0',
    startedAt: 1,
    clockMilliseconds: 1_000 * snapshots,
    state: { notReady: '', storeAway: '', catchUp: { done: 0, all: 0 } },
    decision: { placement, reason },
    placement: {
      ageMilliseconds: 1_400,
      nodes: response.nodes.map(nodeFigures),
      services: servicesFigures(response, undefined, 1).map((service) => ({ ...service, busyCpus: 1.37 })),
      irisAway: response.irisAway,
    },
    work: {
      enrolled: 48_211,
      graphNodes: 48_211,
      method: 'walk',
      walkers: 3,
      waitingRequests: 2,
      requests: 180 * snapshots,
      batches: 30 * snapshots,
    },
    hop: hopAfter(snapshots),
    slowRequests: slowRequests(),
    ...more,
  };
}
