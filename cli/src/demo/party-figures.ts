/** What secret sharing cost so far, as the iris services of the three parties show it at `/metrics`. */
import type { PartiesClient } from '../client/parties-client.js';
import { MetricsText } from '../advise/metrics-text.js';
import { ofEachParty } from '../client/of-each-party.js';
import type { ThreeParties } from '../pair/three-parties.js';

const READ_MILLISECONDS = 10_000;

/** Counters; each party's are alike but for times, so those of party 0 are told. */
export class PartyFigures {
  constructor(
    /** Irises compared, each over its whole rotation window. */
    readonly distances: number,
    /** Searches of one eye in one orientation. */
    readonly searches: number,
    /** Messages that a party sent in all runs. */
    readonly rounds: number,
    /** Bytes that a party sent. */
    readonly sentBytes: number,
    /** CPU time of a party's workers in dot products, seconds. */
    readonly dotSeconds: number,
    /** Time of a party's workers in all tasks, seconds. */
    readonly busySeconds: number,
    /** Time in which runs waited for another party, summed over runs that may overlap, seconds. */
    readonly waitedSeconds: number,
  ) {}

  /** What was added. */
  since(before: PartyFigures): PartyFigures {
    return new PartyFigures(
      this.distances - before.distances,
      this.searches - before.searches,
      this.rounds - before.rounds,
      this.sentBytes - before.sentBytes,
      this.dotSeconds - before.dotSeconds,
      this.busySeconds - before.busySeconds,
      this.waitedSeconds - before.waitedSeconds,
    );
  }
}

/** Reads the figures of party 0. */
export async function readPartyFigures(client: PartiesClient, parties: ThreeParties): Promise<PartyFigures> {
  const [{ distances, hop }] = await client.statuses();
  const [shown] = await Promise.all(ofEachParty((party) => readMetrics(parties.places[party].http.iris)));
  return new PartyFigures(
    distances,
    hop?.searches ?? 0,
    shown.sum('irispair_party_rounds_total'),
    shown.sum('irispair_party_link_bytes_total', { direction: 'sent' }),
    shown.sum('irispair_pool_kernel_seconds_total'),
    shown.sum('irispair_pool_busy_seconds_total'),
    shown.sum('irispair_party_wait_seconds_total'),
  );
}

async function readMetrics(address: string): Promise<MetricsText> {
  const response = await fetch(`http://${address}/metrics`, {
    signal: AbortSignal.timeout(READ_MILLISECONDS),
  });
  return new MetricsText(await response.text());
}
