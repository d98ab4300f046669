/** What a protocol sees of the links: one run, a message to the next party and one from the previous, round by round. */

/** Keys of a run, 16 bytes each. */
export interface RunKeys {
  /** Shared with the next party. */
  readonly withNext: Buffer;
  /** Shared with the previous party. */
  readonly withPrevious: Buffer;
}

/** What one party sees of a run. */
export interface RunChannel {
  /**
   * Sends a message to the next party and waits for the previous party's of the same round. One at a time.
   * @param message up to 64 MiB; not to be changed any more
   * @param expected bytes that the previous party's message has; left out: any number
   * @throws PartyFailedError naming the party when the run has failed at any of the three
   */
  exchange(message: Uint8Array, expected?: number): Promise<Buffer>;
  /** The keys of this run. @throws PartyFailedError as `exchange` */
  keys(): Promise<RunKeys>;
  /** The run is done here. */
  close(): void;
  /** Fails the run at all three parties, unless it is over. @param reason for people; nothing secret */
  abort(reason: string): void;
}
