// usearch: Hamming distance over packed bits. Its JavaScript face takes floats and packs them itself.
import { Index, MetricKind, ScalarKind } from 'usearch';
import { asFloats, CODE_BITS } from './bits.mjs';

/** As its C++ headers have them. */
export const DEFAULTS = { m: 16, efConstruction: 128, ef: 64 };
export const DISTANCE = 'Hamming on packed bits';

/** 0 means one a CPU. */
const ALL_THREADS = 0;
const SEARCH_MODES = { one: 1, all: ALL_THREADS };

/** @param {{ m: number, efConstruction: number, ef: number }} settings */
export function open({ m, efConstruction, ef }) {
  const index = new Index({
    dimensions: CODE_BITS,
    metric: MetricKind.Hamming,
    quantization: ScalarKind.B1,
    connectivity: m,
    expansion_add: efConstruction,
    expansion_search: ef,
  });
  return {
    modes: Object.keys(SEARCH_MODES),
    /** @param {Uint8Array} codes @param {number} first @param {number} count @returns {() => void} */
    adding(codes, first, count) {
      const vectors = asFloats(codes, first, count);
      const keys = BigUint64Array.from({ length: count }, (_, place) => BigInt(first + place));
      return () => index.add(keys, vectors, ALL_THREADS);
    },
    /**
     * The nearest of every probe: one call a probe on one thread, one call for all of them on all threads.
     * @param {Uint8Array} codes @param {number} first @param {number} count @param {'one' | 'all'} mode
     * @returns {() => { person: number, distance: number }[]}
     */
    searching(codes, first, count, mode) {
      const vectors = asFloats(codes, first, count);
      const threads = SEARCH_MODES[mode];
      const nearest = ({ keys, distances }) =>
        Array.from(keys, (key, place) => ({ person: Number(key), distance: distances[place] }));
      if (mode === 'all') return () => nearest(index.search(vectors, 1, threads));
      const rows = Array.from({ length: count }, (_, place) =>
        vectors.subarray(place * CODE_BITS, (place + 1) * CODE_BITS),
      );
      return () => rows.flatMap((row) => nearest(index.search(row, 1, threads)));
    },
  };
}
