/** What a walk is asked for, and what it finds. */
import type { VectorId } from '@irispair/common/ids/vector-id';
import type { Orientation, Side } from '@irispair/common/iris/side';
import type { SpanPlace } from '@irispair/common/traces/place';

/** The probe: a prepared query, or a stored iris. */
export type Probe = { readonly handle: number } | { readonly stored: VectorId };

/** One search. */
export interface SearchOrder {
  readonly probe: Probe;
  readonly side: Side;
  readonly orientation: Orientation;
  /** Size of the neighbourhood. */
  readonly ef: number;
  /** Layer to end in; 0 unless a node is to be linked in an upper layer. */
  readonly layer: number;
  /** Monotonic microseconds; 0 for none. */
  readonly deadline: number;
  /** What the parties call it, 16 bytes; undefined in plain mode. */
  readonly run?: Uint8Array | undefined;
  /** Where its span stands when it is traced. */
  readonly trace?: SpanPlace | undefined;
}

/** When a search ran, microseconds of the machine's monotonic clock, and how long of that it waited for the hop. */
export interface SearchTimes {
  readonly started: number;
  readonly finished: number;
  readonly onHop: number;
}

/** What a search found. */
export interface SearchResult {
  /** Nearest first. */
  readonly neighbours: readonly VectorId[];
  /** How many of the front match. */
  readonly matchCount: number;
  /** Steps sent. */
  readonly hops: number;
  /** Candidates in them. */
  readonly candidates: number;
  readonly times: SearchTimes;
}

/** How every comparison is made. */
export interface ComparisonTerms {
  /** Columns tried to either side: 5 or 15. */
  readonly rotationReach: number;
  /** A of the match rule. */
  readonly matchLimit: number;
}

/** Nodes that walks start from. */
export interface EntryPoints {
  /** The layer whose nodes they are. */
  readonly topLayer: number;
  readonly serials: Uint32Array;
}
