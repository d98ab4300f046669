// hnswlib-node: no Hamming distance and no threads. Over zeros and ones the squared Euclidean distance is the Hamming
// distance. It takes arrays of numbers only.
import hnswlib from 'hnswlib-node';
import { asFloats, CODE_BITS } from './bits.mjs';

/** As its documentation has them. */
export const DEFAULTS = { m: 16, efConstruction: 200, ef: 10 };
export const DISTANCE = 'squared Euclidean on floats';

/** @param {{ m: number, efConstruction: number, ef: number }} settings @param {number} people */
export function open({ m, efConstruction, ef }, people) {
  const index = new hnswlib.HierarchicalNSW('l2', CODE_BITS);
  index.initIndex({ maxElements: people, m, efConstruction });
  index.setEf(ef);
  return {
    modes: ['one'],
    /** @param {Uint8Array} codes @param {number} first @param {number} count @returns {() => void} */
    adding(codes, first, count) {
      const points = rows(codes, first, count);
      return () => points.forEach((point, place) => index.addPoint(point, first + place));
    },
    /**
     * The nearest of every probe.
     * @param {Uint8Array} codes @param {number} first @param {number} count
     * @returns {() => { person: number, distance: number }[]}
     */
    searching(codes, first, count) {
      const points = rows(codes, first, count);
      return () =>
        points.map((point) => {
          const { neighbors, distances } = index.searchKnn(point, 1);
          return { person: neighbors[0], distance: distances[0] };
        });
    },
  };
}

/** @param {Uint8Array} codes @param {number} first @param {number} count @returns {number[][]} */
function rows(codes, first, count) {
  const floats = asFloats(codes, first, count);
  return Array.from({ length: count }, (_, place) =>
    Array.from(floats.subarray(place * CODE_BITS, (place + 1) * CODE_BITS)),
  );
}
