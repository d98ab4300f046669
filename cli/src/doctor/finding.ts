/** What `irispair doctor` says of one thing. */

/** How fit one thing is. `unfit`: a pair cannot run so. */
export type Fitness = 'fit' | 'degraded' | 'unfit';

/** One thing that was looked at. */
export interface Finding {
  readonly what: string;
  readonly fitness: Fitness;
  readonly found: string;
  /** Empty when it is fit. */
  readonly remedy: string;
}

/** A thing that is as it should be. */
export function fit(what: string, found: string): Finding {
  return { what, fitness: 'fit', found, remedy: '' };
}
