/**
 * The scenarios (DESIGN section 9), and the load of each.
 *
 * - `baseline`: searches at 60 % of the capacity measured before, open loop.
 * - `stress`: searches at 200 % of it, open loop: what a pair does when it cannot do everything.
 * - `iris-heavy` and `graph-heavy`: the two halves of the third scenario, each with as much in flight as the pair can use.
 */
import type { Placement } from '@irispair/common/placement/decide';

/** What is measured, in the order of a round. */
export const SCENARIOS = ['baseline', 'stress', 'iris-heavy', 'graph-heavy'] as const;

/** One measurement of a round. */
export type Scenario = (typeof SCENARIOS)[number];

/** The placements, in the order in which they are told. */
export const PLACEMENTS = ['split', 'shared', 'off'] as const satisfies readonly Placement[];

/** What baseline and stress offer, as a share of the capacity. */
export const OFFERED_SHARE = { baseline: 0.6, stress: 2 } as const;

/** What a pair is asked for. */
export interface RequestMix {
  /** Settings of the graph service. */
  readonly settings: Readonly<Record<string, string>>;
  /** So many requests of each kind, in turn. */
  readonly searches: number;
  readonly verifications: number;
}

/** Walks over the graph whatever the number of people: it is walks that are to be separated from distances. */
const USUAL: RequestMix = { settings: { IRISPAIR_INDEX: 'hnsw' }, searches: 1, verifications: 0 };

/** Everything is compared over 31 rotations: the graph service only waits. */
const IRIS_HEAVY: RequestMix = {
  settings: { IRISPAIR_INDEX: 'exact', IRISPAIR_ROTATIONS: '31' },
  searches: 1,
  verifications: 0,
};

/** Comparisons with one person each, and few walks: requests, batches and hops with next to no distances in them. */
const GRAPH_HEAVY: RequestMix = {
  settings: { IRISPAIR_INDEX: 'hnsw', IRISPAIR_EF: '1' },
  searches: 1,
  verifications: 15,
};

/** What each scenario asks for. */
export const MIX: Readonly<Record<Scenario, RequestMix>> = {
  baseline: USUAL,
  stress: USUAL,
  'iris-heavy': IRIS_HEAVY,
  'graph-heavy': GRAPH_HEAVY,
};
