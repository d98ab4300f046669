/** The shapes that cross the Node-API boundary of the engine in secret-shared mode. */
import type { PartyIndex } from '@irispair/common/parties/party';
import type {
  ComparisonWindow,
  EngineCore,
  EngineOptions,
  QueryHandle,
  SearchStep,
  StepAnswer,
} from './engine-types.js';

/** How to build the engine. Shares are of codes of 200 columns: `columns` of another number are refused. */
export interface SharedEngineOptions extends Omit<EngineOptions, 'kernel'> {
  /** Whose shares it holds. */
  readonly party: PartyIndex;
  /** Kernel of the dot products, or null for the best this CPU has. */
  readonly kernel: string | null;
}

/** Bytes of both eyes' shares, left first, as arenas and stores hold them: code and mask of each, u16 little-endian. */
export const SHARED_IRIS_RECORD_BYTES = 76_800;

/** Bytes of a probe's shares as uploaded: left code 25,600, left mask 12,800, right code, right mask. */
export const SHARED_PROBE_BYTES = SHARED_IRIS_RECORD_BYTES;

/** Most queries of one comparison: what is worked on at once is bounded. */
export const MAXIMUM_COMPARED_QUERIES = 1_024;

/** Keys of one run, 16 bytes each, known to two parties each and used for nothing else. */
export interface RunKeys {
  readonly withNext: Uint8Array;
  readonly withPrevious: Uint8Array;
}

/** Where a run is: it has a message for the next party, or it is done. */
export type RunProgress<Answer> = { readonly message: Buffer } | { readonly answer: Answer };

/**
 * One run of a protocol between the three parties. What they open is the same at all three.
 *
 * A run that is neither advanced to its answer nor abandoned keeps its search busy.
 */
export interface ProtocolRun<Answer> {
  /**
   * Goes on, on the pools: first with no bytes, then with the message that came from the previous party for the one that
   * this party sent to the next. Once it has answered or rejected, the run is over.
   *
   * Rejects with PARTY_FAILED when the message is not of the length that this point of the run calls for, with CANCELLED
   * when it was abandoned meanwhile, and with INVALID_ARGUMENT, going on undisturbed, when it was not its turn.
   */
  advance(received: Uint8Array): Promise<RunProgress<Answer>>;
  /** Ends it, unless it is over: its search is closed. Work that runs at this moment is dropped when it ends. */
  abandon(): void;
}

/** A step of a search. Its answer never has distances. */
export type StepRun = ProtocolRun<StepAnswer>;

/** A comparison of queries with each other. Its answer is as in the proto message CompareQueriesResponse. */
export type ComparisonRun = ProtocolRun<Buffer>;

/**
 * The engine of secret-shared mode: records are of SHARED_IRIS_RECORD_BYTES, probes of SHARED_PROBE_BYTES, and what needs
 * plain distances is not there.
 *
 * `prepareQueries` checks lengths alone: a share looks like noise.
 */
export interface SharedEngine extends EngineCore {
  /**
   * Computes this party's shares of what the step compares and has its run ready to be advanced. Searches belong to `stream`
   * until closed. A step that is refused at this party has its answer at once, at the first `advance`, and closes the
   * search where it was open; the other parties then have to be told to abandon theirs.
   *
   * Deadlines are not looked at: the parties' clocks would tell them different things. `withDistances` must be false.
   * Rejects with INVALID_ARGUMENT when keys or stream are none.
   */
  beginStep(stream: number, step: SearchStep, keys: RunKeys): Promise<StepRun>;
  /** Match bits of every pair of 2 to MAXIMUM_COMPARED_QUERIES. Rejects with UNKNOWN_QUERY, or INVALID_ARGUMENT naming the field. */
  beginComparison(
    queries: readonly QueryHandle[],
    window: ComparisonWindow,
    keys: RunKeys,
  ): Promise<ComparisonRun>;
}
