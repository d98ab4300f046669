/** The shapes that cross the Node-API boundary of the engine. One declared boundary: nothing else crosses. */
import type { Columns } from '@irispair/common/iris/shape';
import type { Orientation, Side } from '@irispair/common/iris/side';
import type { HugepageUse, MemoryPolicy } from '@irispair/common/placement/memory-policy';
import type { ArenaSegment } from '@irispair/common/placement/report';

/** The worker threads of one side. */
export interface PoolPlan {
  /** CPUs to pin workers to, one worker each. */
  readonly cpus: readonly number[];
  /** Node named in thread names; null when the pool spans nodes. */
  readonly node: number | null;
  /** Pin each worker to its CPU; `off` placement leaves them free. */
  readonly pinned: boolean;
}

/** The arenas, one a side, alike. */
export interface ArenaPlan {
  /** Tried first; then interleaved over `fallbackNodes`; then the default policy. */
  readonly policy: MemoryPolicy;
  /** Nodes for the interleaved fallback; empty when there is none. */
  readonly fallbackNodes: readonly number[];
  readonly hugepages: HugepageUse;
  /** Mount point of hugetlbfs, tried first; null when there is none. */
  readonly hugetlbfs: string | null;
  /** Irises the first segment holds. */
  readonly initialCapacity: number;
  /** Irises each further segment holds. */
  readonly growBy: number;
  /** Irises beyond which no segment is added. */
  readonly maximumCapacity: number;
  /** Fail instead of falling back when binding is refused. */
  readonly strict: boolean;
}

/** How to build the engine. */
export interface EngineOptions {
  readonly left: PoolPlan;
  readonly right: PoolPlan;
  readonly arena: ArenaPlan;
  /** Distance kernel, or null for the best this CPU has. */
  readonly kernel: KernelName | null;
  /** Columns of every code; not given: 200. */
  readonly columns?: Columns;
}

/** Distance kernels, slowest first. */
export type KernelName = 'scalar' | 'neon' | 'avx2' | 'avx512';

/** Handle of a prepared query: a positive integer, never reused by one engine. */
export type QueryHandle = number;

/** What a search is opened with. Ranges as in the proto message OpenSearch. */
export interface OpenSearch {
  readonly query:
    { readonly handle: QueryHandle } | { readonly storedSerialId: number; readonly storedVersion: number };
  readonly side: Side;
  readonly orientation: Orientation;
  readonly baseRotation: number;
  readonly rotationReach: number;
  readonly ef: number;
  readonly matchLimit: number;
}

/** One batch of candidates for one search. */
export interface SearchStep {
  readonly searchId: number;
  readonly open: OpenSearch | null;
  /** Packed VectorIds: u32 serial id, u32 version, little-endian; any alignment. */
  readonly candidates: Uint8Array;
  readonly close: boolean;
  readonly withDistances: boolean;
  /** Monotonic microseconds, 0 for none. */
  readonly deadlineMicroseconds: number;
}

/** How a step ended; the values are those of the wire's StepStatus. */
export enum StepOutcome {
  Ok = 1,
  DeadlineExceeded = 2,
  UnknownQuery = 3,
  UnknownSearch = 4,
  Invalid = 5,
  /** Secret-shared mode: another party is away, or what it sent does not belong to the step. */
  PartyFailed = 6,
}

/** The answer to one step. Packing as in the proto message StepAnswer. */
export interface StepAnswer {
  readonly outcome: StepOutcome;
  readonly entered: Uint8Array;
  readonly matchCount: number;
  readonly neighbourhoodSize: number;
  readonly stale: number;
  /** Empty unless asked for. */
  readonly distances: Uint8Array;
  /** Empty when the outcome is Ok. */
  readonly detail: string;
}

/** The answers to one message, and when its work was done (monotonic microseconds). */
export interface Evaluation {
  readonly startedMicroseconds: number;
  readonly finishedMicroseconds: number;
  /** In the order of the steps. */
  readonly answers: readonly StepAnswer[];
}

/** The rotations and threshold of a comparison. */
export interface ComparisonWindow {
  readonly baseRotation: number;
  readonly rotationReach: number;
  readonly matchLimit: number;
}

/** The exact answer to one search. */
export interface ScanResult {
  readonly nearest: Uint8Array;
  readonly matchCount: number;
  readonly distances: Uint8Array;
  readonly compared: number;
}

/** What became of a row of a loaded table; the values are those in {@link CopiedRows.rows}. */
export const RowState = {
  Live: 0,
  Deleted: 1,
  /** It holds no iris and was not loaded; a fault says why. */
  Bad: 2,
} as const;

/** Bytes of one row in {@link CopiedRows.rows}. */
export const COPIED_ROW_BYTES = 8;

/** Rows of a table that became whole with one chunk. */
export interface CopiedRows {
  /** Packed, 8 bytes each: serial id u32, version u16, {@link RowState} u16, little-endian. */
  readonly rows: Buffer;
  /** One for each bad row, in the order of rows; the problem names the column. */
  readonly faults: readonly { readonly serialId: number; readonly problem: string }[];
  /** Whether the end of the table was read. */
  readonly ended: boolean;
}

/** Counters of one pool since start. */
export interface PoolCounters {
  readonly workers: number;
  readonly tasks: number;
  readonly stealAttempts: number;
  readonly steals: number;
  readonly kernelNanoseconds: number;
  readonly busyNanoseconds: number;
  /** Time spent in scans that nobody waits for, which are in none of the other figures. */
  readonly idleWorkNanoseconds: number;
  /** Tasks that kept their worker for over a millisecond. */
  readonly slowTasks: number;
  /** Time in them. */
  readonly slowNanoseconds: number;
  readonly queued: number;
}

/** Pages by node. */
export interface PageCount {
  readonly nodes: readonly (readonly [node: number, pages: number])[];
  /** Pages that have no memory yet. */
  readonly notBacked: number;
  /** One page in so many was looked up and stands for the others; 1: each was. */
  readonly interval: number;
  /** Why the kernel does not say; empty when it does. */
  readonly refused: string;
}

/** One mapped segment. */
export interface SegmentPlacement extends ArenaSegment {
  /** Null unless asked for. */
  readonly pages: PageCount | null;
}

/** The irises of one side. */
export interface ArenaPlacement {
  readonly capacity: number;
  readonly used: number;
  readonly strideBytes: number;
  readonly segments: readonly SegmentPlacement[];
}

/** Counters of the engine since start. */
export interface EngineCounters {
  readonly left: PoolCounters;
  readonly right: PoolCounters;
  /** Candidates compared over their whole rotation window. */
  readonly distances: number;
  readonly queries: number;
  readonly openSearches: number;
}

/** Code of every error that the native layer throws or rejects with, in its `code` property. */
export type NativeErrorCode =
  | 'INVALID_ARGUMENT'
  | 'CAPACITY_EXHAUSTED'
  | 'HUGEPAGES_REQUIRED'
  | 'BINDING_REFUSED'
  | 'UNKNOWN_QUERY'
  | 'CANCELLED'
  | 'PARTY_FAILED'
  | 'SYSTEM';

/** Bytes of one eye of 200 columns as arenas and stores hold it: real, imaginary and mask planes of columns x u32. */
export const EYE_RECORD_BYTES = 2_400;

/** Bytes of both eyes of 200 columns, left first. */
export const IRIS_RECORD_BYTES = 2 * EYE_RECORD_BYTES;

/** Bytes of a probe of 200 columns as uploaded: left code, left mask, right code, right mask, 1,600 each. */
export const PROBE_BYTES = 6_400;

/** What the engine does in either mode. Methods that return promises work on the pools. */
export interface EngineCore {
  /** Name of the kernel that compares; empty once the engine is closed. */
  readonly kernel: string;

  /** Start-up only: copies one stored record into its slots. Throws CAPACITY_EXHAUSTED. */
  loadIris(serialId: number, version: number, record: Uint8Array): void;
  /** Start-up only: notes a deleted id. */
  loadDeleted(serialId: number, version: number): void;
  /**
   * Start-up only: loads the rows of `COPY (SELECT id, version_id, left_code, left_mask, right_code, right_mask ...) TO STDOUT
   * (FORMAT binary)` from its bytes, in chunks of any size. Chunks of one `copy`, a number of the caller's choice, follow
   * each other; another copy may be read between them. Throws INVALID_ARGUMENT when it is no such stream, CAPACITY_EXHAUSTED.
   */
  loadCopyChunk(copy: number, chunk: Uint8Array): CopiedRows;
  /** Forgets what was begun; an unknown one is ignored. */
  closeCopy(copy: number): void;

  /**
   * Makes sure that `count` further slots a side are free and keeps them for the coming insert/update calls;
   * grows the arenas off the main thread when needed. Rejects with CAPACITY_EXHAUSTED, nothing kept.
   */
  reserve(count: number): Promise<void>;
  /** Gives back reserved slots that were not used. */
  unreserve(count: number): void;
  /** Publishes a record as the iris of this id, using one reserved slot a side; an older version's slots are reused once no task can hold them. */
  publish(serialId: number, version: number, record: Uint8Array): void;
  /** Erases the bits of this id and marks it deleted at this version. */
  erase(serialId: number, version: number): void;

  /** Checks and prepares probes, concatenated; one handle each. Rejects with INVALID_ARGUMENT naming probe and field. */
  prepareQueries(probes: Uint8Array): Promise<QueryHandle[]>;
  /** The record of a prepared query, for the store. Throws UNKNOWN_QUERY. */
  recordOfQuery(query: QueryHandle): Buffer;
  /** Frees; unknown handles are ignored. Running work keeps what it uses. */
  releaseQueries(queries: readonly QueryHandle[]): void;

  /** The stored record and version of an id; null when unknown or deleted. */
  readIris(serialId: number): { version: number; record: Buffer } | null;

  /** Frees one search; an unknown one is ignored. Running work keeps what it uses. */
  closeSearch(stream: number, searchId: number): void;
  /** Frees all searches of a stream. */
  closeStream(stream: number): void;

  counters(): EngineCounters;
  placement(countPages: boolean): { left: ArenaPlacement; right: ArenaPlacement };
  /** Stops the workers after the running tasks and unmaps everything. */
  close(): Promise<void>;
}

/** The engine of plain mode: records are of `irisRecordBytes(columns)`, codes and masks of `codeBytes(columns)`. */
export interface IrisEngine extends EngineCore {
  /** One message's steps. Searches belong to `stream` until closed. Never rejects for one step's fault. */
  evaluate(stream: number, steps: readonly SearchStep[]): Promise<Evaluation>;
  /** Match bits of every pair, as in the proto message CompareQueriesResponse. Rejects with UNKNOWN_QUERY. */
  compareQueries(queries: readonly QueryHandle[], window: ComparisonWindow): Promise<Uint8Array>;
  /** One pass over each side's irises for all searches. `token` may be cancelled: rejects with CANCELLED. */
  scan(searches: readonly OpenSearch[], withDistances: boolean, token: number): Promise<ScanResult[]>;
  /**
   * The same when nobody waits: on time that the workers have left, giving way to everything else after a fraction of a
   * millisecond. Only what matches is among the nearest.
   */
  scanWhenIdle(searches: readonly OpenSearch[], token: number): Promise<ScanResult[]>;
  /** Ends a scan of either kind. */
  cancelScan(token: number): void;
}
