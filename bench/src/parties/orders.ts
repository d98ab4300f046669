/** What the bench has its three parties do, and what they answer. The same goes to all three, their shares apart. */

/** Steps of searches, side by side. */
export interface Shape {
  /** Candidates of a step. */
  readonly batch: number;
  /** Searches at once. */
  readonly searches: number;
  /** Steps of each, one after the other. */
  readonly steps: number;
}

/** The first order: what a party holds. */
export interface HoldOrder {
  readonly kind: 'hold';
  /** This party's records, SHARED_IRIS_RECORD_BYTES each; those of the searches first. */
  readonly records: Uint8Array;
  /** Irises of the gallery beside those of the searches: the further records, over and over. */
  readonly gallery: number;
  /** Searches that are opened. */
  readonly searches: number;
}

/** Steps to take. */
export interface WalkOrder extends Shape {
  readonly kind: 'walk';
}

export type Order = HoldOrder | WalkOrder;

/** What a party saw of the steps it took. Times in milliseconds. */
export interface Walked {
  /** From the first step's begin to the last one's answer. */
  readonly time: number;
  /** CPU time of the whole process. */
  readonly cpu: number;
  /** CPU time of the dot products. */
  readonly dots: number;
  /** In which runs waited for the previous party's message, summed over runs. */
  readonly waited: number;
  /** In which all runs did. */
  readonly idle: number;
  /** Of all runs. */
  readonly rounds: number;
  readonly bytesSent: number;
}
