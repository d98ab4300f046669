/** What both kinds of links do in the bench: one message to the next party, one from the previous. */

/** Links between three parties. */
export interface Carrier {
  /** Begins so many runs; each exchanges messages. */
  begin(runs: number): readonly Exchange[];
  close(): Promise<void>;
}

/** Sends a message in a run, and waits for the one of the same round. */
export type Exchange = (message: Buffer) => Promise<Buffer>;
