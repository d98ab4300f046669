/**
 * Searches by concurrent clients, each of which asks, waits for the answer and asks again.
 *
 * 1. Some searches that do not count, so that code is compiled and connections are up.
 * 2. The probes, bounded by their number and by time, between two readings of the pair's counters.
 */
import { irisMessage } from '@irispair/common/iris/message';
import * as api from '@irispair/proto/public';
import { PairClient } from 'irispair/client/pair-client';
import { startProgress, type Progress } from 'irispair/output/progress';
import { percentile } from '../percentile.js';
import { warmingProbes, type Probe } from './people.js';

/** What was seen. Rates are by the wall clock; figures a search are means. */
export interface SearchFigures {
  readonly index: 'hnsw' | 'exact';
  readonly clients: number;
  readonly searches: number;
  readonly seconds: number;
  readonly searchesPerSecond: number;
  readonly p50Milliseconds: number;
  readonly p99Milliseconds: number;
  /** Messages from the graph service to the iris service and back; concurrent searches share them. */
  readonly hopsPerSearch: number;
  /** Candidates of walks; 0 in scans. */
  readonly candidatesPerSearch: number;
  /** Comparisons, each the least of all rotations. */
  readonly distancesPerSecond: number;
  /** Time in kernels to the iris service's CPU time. */
  readonly kernelShare: number;
  /** CPU seconds a second. */
  readonly irisCpus: number;
  readonly graphCpus: number;
  readonly irisResidentBytes: number;
  readonly graphResidentBytes: number;
  /** Searches for enrolled people, and those decided to be duplicates of the right person. */
  readonly genuine: number;
  readonly found: number;
  /** Searches that named anybody whom the probe does not show. */
  readonly falseMatches: number;
}

const WARMING_SEARCHES = 32;
const MOST_SECONDS = 60;

/** @param serialIds whom people became, by index */
export async function measureSearches(
  address: string,
  clients: number,
  probes: readonly Probe[],
  serialIds: ReadonlyMap<number, number>,
): Promise<SearchFigures> {
  const connections = Array.from({ length: clients }, () => new PairClient(address));
  try {
    await searchAll(connections, warmingProbes(WARMING_SEARCHES));
    const before = await connections[0].status();
    const start = performance.now();
    const progress = startProgress(`searching, ${clients} at once`, probes.length);
    const searched = await searchAll(connections, probes, progress);
    progress.stop();
    const seconds = (performance.now() - start) / 1_000;
    const after = await connections[0].status();
    const times = searched.map(({ milliseconds }) => milliseconds);
    return {
      index: after.index === api.IndexMode.HNSW ? 'hnsw' : 'exact',
      clients,
      searches: searched.length,
      seconds,
      searchesPerSecond: searched.length / seconds,
      p50Milliseconds: percentile(times, 0.5),
      p99Milliseconds: percentile(times, 0.99),
      ...countedBetween(before, after, searched.length, seconds),
      ...judged(searched, serialIds),
    };
  } finally {
    for (const connection of connections) connection.close();
  }
}

interface Searched {
  readonly probe: Probe;
  readonly response: api.SearchResponse;
  readonly milliseconds: number;
}

async function searchAll(
  connections: readonly PairClient[],
  probes: readonly Probe[],
  progress?: Progress,
): Promise<Searched[]> {
  const searched: Searched[] = [];
  const end = performance.now() + 1_000 * MOST_SECONDS;
  let next = 0;
  await Promise.all(
    connections.map(async (client) => {
      while (next < probes.length && performance.now() < end) {
        const probe = probes[next];
        next += 1;
        const iris = irisMessage(probe.iris);
        const start = performance.now();
        const response = await client.search({ iris, orList: [] });
        searched.push({ probe, response, milliseconds: performance.now() - start });
        progress?.step();
      }
    }),
  );
  return searched;
}

function countedBetween(
  before: api.StatusResponse,
  after: api.StatusResponse,
  searches: number,
  seconds: number,
) {
  const grown = (read: (status: api.StatusResponse) => number | undefined) =>
    (read(after) ?? 0) - (read(before) ?? 0);
  const service = (name: string) => (status: api.StatusResponse) =>
    status.services.find((one) => one.service === name);
  const cpuMicroseconds = (name: string) => grown((status) => service(name)(status)?.cpuMicroseconds);
  return {
    hopsPerSearch: grown(({ hop }) => hop?.hops) / searches,
    candidatesPerSearch: grown(({ hop }) => hop?.candidates) / searches,
    distancesPerSecond: grown(({ distances }) => distances) / seconds,
    kernelShare: grown(({ kernelMicroseconds }) => kernelMicroseconds) / cpuMicroseconds('iris'),
    irisCpus: cpuMicroseconds('iris') / 1e6 / seconds,
    graphCpus: cpuMicroseconds('graph') / 1e6 / seconds,
    irisResidentBytes: service('iris')(after)?.residentBytes ?? 0,
    graphResidentBytes: service('graph')(after)?.residentBytes ?? 0,
  };
}

function judged(searched: readonly Searched[], serialIds: ReadonlyMap<number, number>) {
  let genuine = 0;
  let found = 0;
  let falseMatches = 0;
  for (const { probe, response } of searched) {
    const shown = probe.person === null ? undefined : serialIds.get(probe.person);
    const named = response.matches.map(({ serialId }) => serialId);
    if (named.some((serialId) => serialId !== shown)) falseMatches += 1;
    if (probe.person === null) continue;
    genuine += 1;
    if (response.decision === api.Decision.DUPLICATE && named.some((serialId) => serialId === shown))
      found += 1;
  }
  return { genuine, found, falseMatches };
}
