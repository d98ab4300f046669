/** The store as metrics: what it holds, whether it takes changes, how long commits take. */
import { COUNT_BOUNDS, DURATION_BOUNDS } from '@irispair/common/telemetry/buckets';
import { readCounter, readGauge } from '@irispair/common/telemetry/read-metrics';
import { Histogram, type Registry } from 'prom-client';
import type { Gallery } from '../gallery/gallery.js';
import type { IrisStore } from '../store/iris-store.js';

const MOST_CHANGES = 4_096;

/** Shows what is stored. */
export function showStore(registry: Registry, gallery: Gallery): void {
  readGauge(
    registry,
    { name: 'irispair_stored_people', help: 'People whose irises are stored and not deleted' },
    () => gallery.live,
  );
  readGauge(
    registry,
    { name: 'irispair_highest_serial_id', help: 'The highest serial id ever given' },
    () => gallery.highest,
  );
  readGauge(
    registry,
    { name: 'irispair_store_away', help: 'Whether the store takes no changes at present: 1 or 0' },
    () => Number(gallery.storeAway !== undefined),
  );
  readCounter(
    registry,
    { name: 'irispair_store_commits_total', help: 'Commits applied since the store was made' },
    () => gallery.commitCount,
  );
}

/** The same store, its commits watched. */
export function watchedStore(store: IrisStore, registry: Registry): IrisStore {
  const durations = new Histogram({
    name: 'irispair_store_commit_seconds',
    help: 'Time until the store had made changes durable or refused them, by how that ended',
    labelNames: ['result'],
    buckets: [...DURATION_BOUNDS],
    registers: [registry],
  });
  // From the first on a rate can be told.
  for (const result of ['stored', 'failed']) durations.zero({ result });
  const together = new Histogram({
    name: 'irispair_store_commit_changes',
    help: 'Changes made durable together',
    buckets: COUNT_BOUNDS.filter((bound) => bound <= MOST_CHANGES),
    registers: [registry],
  });
  return {
    identity: store.identity,
    journal: store.journal,
    get storeId() {
      return store.storeId;
    },
    get commitCount() {
      return store.commitCount;
    },
    get away() {
      return store.away;
    },
    count: () => store.count(),
    onAwayChange: (listener) => {
      store.onAwayChange(listener);
    },
    load: () => store.load(),
    loadInto: (engine, observer) => store.loadInto(engine, observer),
    close: () => store.close(),
    async commit(changes, batch) {
      const started = performance.now();
      let result = 'failed';
      try {
        await store.commit(changes, batch);
        result = 'stored';
        together.observe(changes.length);
      } finally {
        durations.observe({ result }, (performance.now() - started) / 1_000);
      }
    },
  };
}
