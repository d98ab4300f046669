/** Batches and the searches in them. */
import { COUNT_BOUNDS, DURATION_BOUNDS } from '@irispair/common/telemetry/buckets';
import { Counter, Histogram, type Registry } from 'prom-client';
import type { Searched } from '../workers/walker-pool.js';

/** How candidates were found. */
export type SearchMethod = 'walk' | 'scan';

/** Watches batches. */
export class BatchMetrics {
  private readonly sizes: Histogram;
  private readonly durations: Histogram;
  private readonly searchDurations: Histogram<'method'>;
  private readonly searchHops: Histogram;
  private readonly searchCandidates: Histogram<'method'>;
  private readonly failures: Counter<'method'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.sizes = new Histogram({
      name: 'irispair_batch_requests',
      help: 'Requests decided together',
      buckets: COUNT_BOUNDS.filter((bound) => bound <= 1_024),
      registers,
    });
    this.durations = new Histogram({
      name: 'irispair_batch_duration_seconds',
      help: 'Time to decide a batch, from the upload of its probes to its last answer',
      buckets: [...DURATION_BOUNDS],
      registers,
    });
    this.searchDurations = new Histogram({
      name: 'irispair_batch_search_seconds',
      help: 'Time for all searches of a batch, which run side by side',
      labelNames: ['method'],
      buckets: [...DURATION_BOUNDS],
      registers,
    });
    this.searchHops = new Histogram({
      name: 'irispair_search_hops',
      help: 'Steps that one walk sent over the hop',
      buckets: COUNT_BOUNDS.filter((bound) => bound <= 1_024),
      registers,
    });
    this.searchCandidates = new Histogram({
      name: 'irispair_search_candidates',
      help: 'Irises that one search compared',
      labelNames: ['method'],
      buckets: [...COUNT_BOUNDS],
      registers,
    });
    this.failures = new Counter({
      name: 'irispair_search_failures_total',
      help: 'Searches that ended with an error',
      labelNames: ['method'],
      registers,
    });
    // From the first on a rate can be told.
    for (const method of ['walk', 'scan'] as const) this.failures.inc({ method }, 0);
  }

  /** Decides a batch and notes how long that took. @param requests how many it holds */
  async watch(requests: number, decide: () => Promise<void>): Promise<void> {
    const started = performance.now();
    this.sizes.observe(requests);
    try {
      await decide();
    } finally {
      this.durations.observe((performance.now() - started) / 1_000);
    }
  }

  /** Searches for a batch and notes what that took. */
  async watchSearches<Results extends readonly Searched[]>(
    method: SearchMethod,
    search: () => Promise<Results>,
  ): Promise<Results> {
    const started = performance.now();
    const results = await search();
    this.searchDurations.observe({ method }, (performance.now() - started) / 1_000);
    for (const result of results) {
      if (result instanceof Error) {
        this.failures.inc({ method });
        continue;
      }
      this.searchCandidates.observe({ method }, result.candidates);
      if (method === 'walk') this.searchHops.observe(result.hops);
    }
    return results;
  }
}
