/** Where requests wait and are decided: by this pair alone, or by three parties that agree. */
import type { Answer, Ask, Patience } from './request.js';

/** Takes requests. */
export interface Desk {
  /**
   * @throws ExhaustedError when too many requests wait, or the answer cannot be expected before the deadline
   * @throws AlreadyExistsError when a request of this name waits already
   */
  submit(ask: Ask, patience: Patience): Promise<Answer>;
  /** Requests that are not decided yet and in no batch. */
  readonly waiting: number;
  /** What a request takes that comes now over a connection of its own, milliseconds; 0 where this is not known. */
  readonly expectedMilliseconds: number;
  /** A session with the iris service has begun: its registry is read once this resolves. */
  greet(session: number): Promise<void>;
  /** The registry was read anew: brings the graph up to it, unless that is agreed on later. */
  catchUp(): Promise<void>;
  /** The iris service is joined, registry and graph follow it. */
  joined(): void;
  /** The iris service is away. */
  lost(): void;
  /** Why the iris service reaches another party's not; empty while it reaches both. */
  partyAway(reason: string): void;
  /** Something was stored that the graph could not follow. */
  fellBehind(): void;
  /** Rejects those that are in no batch yet. */
  dismiss(error: Error): void;
  /** Takes no more; resolves when nothing waits or runs. */
  drained(): Promise<void>;
  close(): Promise<void>;
}
