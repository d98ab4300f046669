/**
 * Parameters of the graph by the number of irises (DESIGN section 5).
 *
 * Strangers' codes are nearly equidistant, so a walk finds its needle only by visiting much of a small set: the defaults
 * are measured for recall at their size, see docs/architecture.md.
 */

/** Parameters at one size. */
export interface GraphParameters {
  /** Neighbours chosen for a new node. */
  readonly m: number;
  /** Neighbours kept in a row when it is compacted. */
  readonly mMax: number;
  /** Size of a search's neighbourhood. */
  readonly ef: number;
}

/** What an operator fixed; the rest follows the size. */
export interface ParameterOverrides {
  readonly m?: number | undefined;
  readonly mMax?: number | undefined;
  readonly ef?: number | undefined;
}

const BY_SIZE: readonly (GraphParameters & { readonly upTo: number })[] = [
  { upTo: 5_000, m: 32, mMax: 128, ef: 64 },
  { upTo: 20_000, m: 32, mMax: 256, ef: 96 },
  { upTo: 100_000, m: 48, mMax: 384, ef: 192 },
  { upTo: 1_000_000, m: 96, mMax: 512, ef: 256 },
  { upTo: Infinity, m: 256, mMax: 512, ef: 320 },
];

/** Most neighbours that a row may be laid out for. */
export const MOST_NEIGHBOURS = 1_024;

/** A row that outgrows its limit is compacted. */
export const ROW_LIMIT_FACTOR = 1.1;

/** The parameters of the first larger size that has more of them than these. */
export function largerParameters(size: number, inUse: GraphParameters): GraphParameters {
  const larger = BY_SIZE.find(({ upTo, m, mMax }) => upTo >= size && (m > inUse.m || mMax > inUse.mMax));
  if (larger === undefined) {
    return {
      m: Math.min(2 * inUse.m, MOST_NEIGHBOURS),
      mMax: Math.min(2 * inUse.mMax, MOST_NEIGHBOURS),
      ef: 2 * inUse.ef,
    };
  }
  return {
    m: Math.max(larger.m, inUse.m),
    mMax: Math.max(larger.mMax, inUse.mMax),
    ef: Math.max(larger.ef, inUse.ef),
  };
}

/** The parameters for this many irises. */
export function parametersFor(size: number, overrides: ParameterOverrides): GraphParameters {
  const { m, mMax, ef } = BY_SIZE.find(({ upTo }) => size <= upTo) ?? BY_SIZE[BY_SIZE.length - 1];
  const chosen = overrides.m ?? m;
  return {
    m: chosen,
    mMax: overrides.mMax ?? (overrides.m === undefined ? mMax : 2 * chosen),
    ef: Math.max(overrides.ef ?? ef, chosen),
  };
}
