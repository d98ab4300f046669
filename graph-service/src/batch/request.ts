/** What clients ask, as the batches see it, and what they are answered. */
import type { SerialId, Version } from '@irispair/common/ids/vector-id';
import type { Iris } from '@irispair/common/iris/template';
import type { OpenSpan } from '@irispair/common/traces/span';
import type { Verdict } from '../matching/decision.js';
import type { SideComparison } from '../matching/matcher.js';

/** What all three parties call a request, in secret-shared mode. */
export interface RequestName {
  /** Chosen by the client. */
  readonly requestId: string;
  /** SHA-256 of what is asked, the same at all parties, 32 bytes. */
  readonly digest: Buffer;
}

/** A checked request. */
export type Ask = AskKind & {
  /** Undefined in plain mode. */
  readonly name?: RequestName | undefined;
};

type AskKind =
  | { readonly kind: 'enroll' | 'search'; readonly iris: Iris; readonly orList: readonly SerialId[] }
  | { readonly kind: 'verify' | 'reauthenticate'; readonly iris: Iris; readonly serialId: SerialId }
  | { readonly kind: 'delete'; readonly serialId: SerialId };

/** The answer to one request. */
export type Answer =
  | { readonly kind: 'verdict'; readonly verdict: Verdict; readonly enrolled: SerialId | null }
  | {
      readonly kind: 'verified';
      readonly left: SideComparison;
      readonly right: SideComparison;
      /** Version stored now. */
      readonly version: Version;
    }
  | { readonly kind: 'deleted'; readonly version: Version };

/** The caller's patience. */
export interface Patience {
  /** Milliseconds since the epoch after which nobody waits; Infinity for ever. */
  readonly deadline: number;
  /** Aborted when the caller goes away. */
  readonly signal: AbortSignal;
  /** What the request came over: those who wait are taken from their connections in turn. Not given: one for all such. */
  readonly connection?: string;
  /** The request's span when it is traced. */
  readonly trace?: OpenSpan | undefined;
  /** What the caller calls the request, for logs; not given for a call of its own. */
  readonly requestId?: string;
}

/** A request that waits for its answer. */
export interface Pending {
  readonly ask: Ask;
  readonly patience: Patience;
  /** When it began to wait, microseconds of the monotonic clock. */
  readonly submitted: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}
