/** What graph stores hold, read past the services. */
import { Checksum, nodeEntry, rowEntry } from '../agreement/checksum.js';
import { packNode } from '../graph/graph-node.js';
import { LmdbGraphStore } from '../store/lmdb-graph-store.js';
import type { PartyUnderTest } from './three-parties.js';

/** A party's graph store. */
export interface StoredGraph {
  readonly sum: string;
  readonly rows: number;
  readonly key: string;
}

/** What the graph store of a party that was stopped holds. */
export async function storedGraph({ graphStore, party }: PartyUnderTest): Promise<StoredGraph> {
  const store = await LmdbGraphStore.open(graphStore, Infinity, { mode: 'shared', party });
  try {
    const sum = new Checksum();
    let rows = 0;
    for (const { serialId, ...node } of store.nodes()) {
      sum.change(
        () => undefined,
        () => nodeEntry(serialId, packNode(node)),
      );
    }
    for (const { side, layer, serialId, neighbours } of store.rows()) {
      rows += 1;
      sum.change(
        () => undefined,
        () => rowEntry(side, layer, serialId, neighbours),
      );
    }
    return { sum: sum.read().toString('hex'), rows, key: store.identity.layerKey };
  } finally {
    await store.close();
  }
}
