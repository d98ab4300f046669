/** A graph store, watched: how long saving takes and how it ends. */
import { DURATION_BOUNDS } from '@irispair/common/telemetry/buckets';
import { Histogram, type Registry } from 'prom-client';
import type { GraphStore } from '../store/graph-store.js';

/** Watches stores: what it returns gives the same store, watched. */
export function watchStores(registry: Registry): (store: GraphStore) => GraphStore {
  const durations = new Histogram({
    name: 'irispair_graph_store_save_seconds',
    help: 'Time to store changes of the graph, by how that ended',
    labelNames: ['result'],
    buckets: [...DURATION_BOUNDS],
    registers: [registry],
  });
  // From the first on a rate can be told.
  for (const result of ['stored', 'failed']) durations.zero({ result });
  return (store) => ({
    get identity() {
      return store.identity;
    },
    place: store.place,
    takeLayerKey: (layerKey) => store.takeLayerKey(layerKey),
    nodes: () => store.nodes(),
    rows: () => store.rows(),
    clear: (irises) => store.clear(irises),
    close: () => store.close(),
    async save(nodes, rows, irises) {
      const started = performance.now();
      let result = 'failed';
      try {
        await store.save(nodes, rows, irises);
        result = 'stored';
      } finally {
        durations.observe({ result }, (performance.now() - started) / 1_000);
      }
    },
  });
}
