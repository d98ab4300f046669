/** What the main thread and a walker thread say to each other. */
import type { ErrorCode } from '@irispair/common/errors/errors';
import type { GraphChunk } from '../graph/graph-memory.js';
import type { HopCounters } from '../hop/hop-counters.js';
import type { TracedHop } from '../traces/traced-hop.js';
import type { ComparisonTerms, EntryPoints, SearchOrder } from '../walk/order.js';
import type { WalkResult } from '../walk/walk.js';

/** What all walker threads are started with. */
export interface WalkerSetup {
  readonly socket: string;
  readonly rowLimit: number;
  readonly terms: ComparisonTerms;
  /** The NUMA node that they run on; undefined where it may be several. */
  readonly node: number | undefined;
}

/** What one of them is started with. */
export interface ThreadSetup extends WalkerSetup {
  /** What the kernel is to call it: 15 bytes at most. */
  readonly name: string;
  /** It counts durations of hops here. */
  readonly durations: SharedArrayBuffer;
}

/** To a walker. Messages arrive in order, so a search sees all memory that was announced before it. */
export type ToWalker =
  | { readonly kind: 'chunk'; readonly chunk: GraphChunk }
  | { readonly kind: 'entry points'; readonly entryPoints: EntryPoints }
  | { readonly kind: 'search'; readonly job: number; readonly orders: readonly SearchOrder[] }
  /** Fails all steps until it is resumed. */
  | { readonly kind: 'suspend'; readonly reason: string }
  | { readonly kind: 'resume' }
  /** Fails what is unanswered, and takes another connection. */
  | { readonly kind: 'reconnect'; readonly reason: string }
  | { readonly kind: 'stop' };

/** How one order ended; an error as its code (null: unforeseen) and message, since classes do not cross threads. */
export type WalkOutcome =
  | { readonly ok: true; readonly result: WalkResult }
  | { readonly ok: false; readonly code: ErrorCode | null; readonly message: string };

/** How a traced walk went. */
export interface TracedWalk {
  /** Place of its order in the job. */
  readonly index: number;
  /** Monotonic microseconds. */
  readonly ended: number;
  readonly hops: readonly TracedHop[];
}

/** From a walker: one job's outcomes in the order of its orders, and the thread's counters so far. */
export interface FromWalker {
  readonly job: number;
  readonly outcomes: readonly WalkOutcome[];
  readonly counters: HopCounters;
  /** The walks that are traced. */
  readonly traced: readonly TracedWalk[];
}
