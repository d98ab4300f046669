/** A graph damaged on purpose. */
import { LmdbGraphStore } from '@irispair/graph-service/store/lmdb-graph-store';

/** Cuts every link of a graph that no service uses now: walks meet the nodes that they start from, and no others. */
export async function cutLinks(directory: string): Promise<void> {
  const store = await LmdbGraphStore.open(directory, Infinity);
  try {
    const rows = [...store.rows()].map((row) => ({ ...row, neighbours: new Uint32Array() }));
    await store.save([], rows);
  } finally {
    await store.close();
  }
}
