/** What a walk needs of the hop: one step out, one answer back. */
import type { OpenSearch, StepAnswer } from '@irispair/proto/compute';
import type { StepTrace } from '../traces/traced-hop.js';

/** One step of a search. */
export interface HopStep {
  readonly searchId: number;
  /** In a search's first step. */
  readonly open?: OpenSearch | undefined;
  /** Packed VectorIds. */
  readonly candidates: Buffer;
  readonly close: boolean;
  readonly withDistances: boolean;
  /** Monotonic microseconds; 0 for none. */
  readonly deadline: number;
  /** Whose trace shows it; undefined when nobody's does. */
  readonly trace?: StepTrace | undefined;
}

/** One end of the hop. */
export interface HopPort {
  /** An id that no other search of this port has. */
  nextSearchId(): number;
  /**
   * @throws UnavailableError when the iris service or the query is gone, DeadlineExceededError when the deadline had
   * passed
   */
  evaluate(step: HopStep): Promise<StepAnswer>;
}
