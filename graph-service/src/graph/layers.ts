/** The layer of a node: a keyed pseudo-random function of its VectorId, so that every party builds the same graph. */
import { createHmac } from 'node:crypto';
import { packVectorIds, type VectorId } from '@irispair/common/ids/vector-id';

const HIGHEST_LAYER = 15;

/**
 * Geometric with mean distance ln(M), as in HNSW: floor(-ln(u) / ln(M)) with u uniform in (0, 1].
 * Malkov, Yashunin: Efficient and robust approximate nearest neighbor search using HNSW graphs, 2016, algorithm 1.
 * @param key the layer key, the same for all parties
 */
export function layerOf(id: VectorId, key: Uint8Array, m: number): number {
  const digest = createHmac('sha256', key)
    .update(packVectorIds([id]))
    .digest();
  const uniform = (digest.readUIntBE(0, 6) + 1) / 2 ** 48;
  return Math.min(HIGHEST_LAYER, Math.floor(-Math.log(uniform) / Math.log(m)));
}
