/**
 * What compares irises: in plain mode this service alone, in secret-shared mode together with those of the two other
 * parties. Chosen once, when the service starts.
 */
import type { EventEmitter } from 'node:events';
import type { SpanAttributes } from '@irispair/common/traces/span';
import type { ComparisonWindow, QueryHandle, ScanResult } from '@irispair/native/engine-types';
import type { EvaluateRequest, ScanRequest, StepAnswer } from '@irispair/proto/compute';
import type { IrisColumns } from '../store/record-form.js';

/** Candidates allowed in one step. */
export const MAXIMUM_CANDIDATES_A_STEP = 65_536;

/** The answers to one message, and when its work was done (monotonic microseconds). */
export interface Evaluated {
  readonly startedMicroseconds: number;
  readonly finishedMicroseconds: number;
  /** In the order of the steps. */
  readonly answers: StepAnswer[];
  /** What traces say of each step beyond what they say of all, in the same order; empty where there is nothing. */
  readonly attributes: readonly SpanAttributes[];
}

/** Queries to compare with each other. */
export interface QueryComparison {
  readonly queries: readonly QueryHandle[];
  readonly window: ComparisonWindow;
  /** What the three parties call it; not set in plain mode. */
  readonly run: Uint8Array | undefined;
}

/** How queries compare. */
export interface ComparedQueries {
  /** Of every pair, as in the proto message CompareQueriesResponse. */
  readonly matchBits: Uint8Array;
  /** What traces say of it. */
  readonly attributes: SpanAttributes;
}

/** Compares irises. */
export interface Comparing {
  /** Prepared queries that may be held at once. */
  readonly mostQueries: number;
  /** Why nothing can be compared at present, for humans; undefined while it can. */
  readonly away: string | undefined;
  /** `away`: that has changed. */
  readonly events: EventEmitter<{ away: [] }>;
  /**
   * One message's steps. One that cannot be evaluated is answered so and its search is closed; the others are evaluated.
   * Searches belong to `stream` until closed.
   */
  evaluate(stream: number, request: EvaluateRequest): Promise<Evaluated>;
  /** The stream is over: ends its searches. */
  closeStream(stream: number): void;
  compareQueries(comparison: QueryComparison): Promise<ComparedQueries>;
  /**
   * What needs distances or irises in the clear.
   * @param wanted what is asked for, as the caller calls it
   * @throws ConflictError where there are none
   */
  inTheClear(wanted: string): ComparingInTheClear;
  close(): Promise<void>;
}

/** What only plain mode can do. */
export interface ComparingInTheClear {
  /** One answer a search. `token` may be cancelled. */
  scan(request: ScanRequest, token: number): Promise<ScanResult[]>;
  cancelScan(token: number): void;
  /** A made-up new capture of a stored iris. */
  recapture(record: Uint8Array): Promise<IrisColumns>;
}
