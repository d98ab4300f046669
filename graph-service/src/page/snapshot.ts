/**
 * What the page shows, as `/state.json` gives it: the one place that says its shape.
 *
 * All of it is figures about threads, memory and time. Nothing in it is about a person: no ids, no templates, no
 * distances, no decisions. The objects are strict so that a test notices whatever else gets in.
 */
import { z } from 'zod';

const count = z.int().min(0);
const milliseconds = z.number().min(0);

/** One NUMA node. */
const NODE = z.strictObject({
  node: count,
  cpus: z.array(count),
  memoryBytes: count,
  freeBytes: count,
  hugepages: z.strictObject({ total: count, free: count }),
  /** Distance to each node, in the order of nodes; empty where the kernel does not say. */
  distances: z.array(count),
});

const BYTES_BY_NODE = z.array(z.strictObject({ node: count, bytes: count }));

/** A part of a service's memory by node. */
const MEMORY = z.strictObject({
  use: z.enum(['graph', 'left irises', 'right irises', 'rest', 'mapped files']),
  nodes: BYTES_BY_NODE,
  /** Why the figures could not be had; empty when they are told. */
  unknown: z.string(),
  /** Of irises: what they are mapped on, bytes. */
  backings: z.array(z.strictObject({ backing: z.string(), policy: z.string(), bytes: count })),
  /** Of irises: what was tried before and why it failed. */
  fallbacks: z.array(z.string()),
});

const THREAD = z.strictObject({
  name: z.string(),
  /** CPUs it may run on, as a kernel list. */
  allowedCpus: z.string(),
  lastCpu: count,
  /** Moves between CPUs; null where the kernel does not count them. */
  cpuMigrations: count.nullable(),
});

/** One service, as it reports about itself. */
const SERVICE = z.strictObject({
  service: z.enum(['graph', 'iris']),
  placement: z.string(),
  reason: z.string(),
  /** The node that its threads are confined to; null when they are not. */
  node: count.nullable(),
  cpus: z.string(),
  memoryNodes: z.array(count),
  threads: z.array(THREAD),
  /** Moves between nodes that were seen. */
  nodeMigrations: count,
  memory: z.array(MEMORY),
  residentBytes: count,
  /** CPUs that it kept busy since the report before; null in the first one. */
  busyCpus: z.number().min(0).nullable(),
});

/** Where both services run and lie. A report costs some milliseconds, so it may be some seconds old. */
const PLACEMENT = z.strictObject({
  /** Age of the report; null while there is none yet. */
  ageMilliseconds: milliseconds.nullable(),
  nodes: z.array(NODE),
  services: z.array(SERVICE),
  /** Why there is no report of the iris service; empty when there is. */
  irisAway: z.string(),
});

/** Counts by bucket and the sum in seconds, as {@link DURATION_BOUNDS} bound them. */
const DURATIONS = z.array(z.number().min(0));

/** The hop since the start. */
const HOP = z.strictObject({
  hops: count,
  steps: count,
  candidates: count,
  bytes: count,
  disconnects: count,
  /** Upper bounds of the buckets, seconds. */
  bounds: z.array(z.number()),
  durations: z.strictObject({
    transit_out: DURATIONS,
    queue: DURATIONS,
    compute: DURATIONS,
    transit_back: DURATIONS,
    round_trip: DURATIONS,
  }),
});

const INTERVAL = {
  /** From the request's arrival. */
  startMilliseconds: milliseconds,
  milliseconds,
};

/** What a batch does one after the other, in part side by side. */
export const BATCH_STAGES = [
  'upload of probes',
  'searches',
  'batch mates',
  'direct comparisons',
  'verification',
  'commit',
  'link',
] as const;

/** A slow request as a waterfall. */
const SLOW_REQUEST = z.strictObject({
  /** Counts requests of this process; tells nothing about what was asked. */
  number: count,
  kind: z.enum(['enroll', 'search', 'verify', 'reauthenticate', 'delete']),
  ended: z.enum(['answered', 'failed']),
  endedAgoMilliseconds: milliseconds,
  milliseconds,
  batchRequests: count,
  waitingMilliseconds: milliseconds,
  stages: z.array(z.strictObject({ stage: z.enum(BATCH_STAGES), ...INTERVAL })),
  searches: z.array(
    z.strictObject({
      side: z.enum(['left', 'right']),
      orientation: z.enum(['normal', 'mirror']),
      hops: count,
      candidates: count,
      /** Of that time, waited for answers over the hop. */
      onHopMilliseconds: milliseconds,
      ...INTERVAL,
    }),
  ),
});

/** Everything that the page shows. */
export const SNAPSHOT = z.strictObject({
  version: z.string(),
  /** Tells one run of the service from the next: milliseconds since the epoch. */
  startedAt: count,
  /** Milliseconds of the service's clock, for rates between two snapshots. */
  clockMilliseconds: milliseconds,
  state: z.strictObject({
    /** Why the service does not do its whole work; empty while it does. */
    notReady: z.string(),
    /** Why enrolments are refused; empty while they are taken. */
    storeAway: z.string(),
    catchUp: z.strictObject({ done: count, all: count }),
  }),
  decision: z.strictObject({ placement: z.string(), reason: z.string() }),
  placement: PLACEMENT,
  /** Null while the graph is being loaded. */
  work: z
    .strictObject({
      enrolled: count,
      graphNodes: count,
      method: z.enum(['walk', 'scan']),
      walkers: count,
      waitingRequests: count,
      requests: count,
      batches: count,
    })
    .nullable(),
  /** Null while the graph is being loaded. */
  hop: HOP.nullable(),
  /** Slowest first. */
  slowRequests: z.array(SLOW_REQUEST),
});

export type Snapshot = z.output<typeof SNAPSHOT>;
export type NodeFigures = z.output<typeof NODE>;
export type ServiceFigures = z.output<typeof SERVICE>;
export type MemoryFigures = z.output<typeof MEMORY>;
export type PlacementFigures = z.output<typeof PLACEMENT>;
export type HopFigures = z.output<typeof HOP>;
export type SlowRequest = z.output<typeof SLOW_REQUEST>;
export type BatchStage = (typeof BATCH_STAGES)[number];
