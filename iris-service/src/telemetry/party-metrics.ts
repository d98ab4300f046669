/** Secret-shared mode as metrics: the links with the other parties and what goes over them, from what these count. */
import type { PartyIndex } from '@irispair/common/parties/party';
import { readCounter, readGauge, type Sample } from '@irispair/common/telemetry/read-metrics';
import type { Registry } from 'prom-client';
import type { RunCounts } from '../comparing/shared-comparing.js';
import type { PartyLinks } from '../parties/party-links.js';

const MILLISECONDS_A_SECOND = 1_000;

/** Shows the links. */
export function showParties(registry: Registry, links: PartyLinks, runs: RunCounts): void {
  const { counters, nextParty, previousParty } = links;
  const ofOthers = (figure: (party: PartyIndex) => number): Sample<'party', number>[] =>
    [nextParty, previousParty].map((party) => ({ labels: { party }, value: figure(party) }));
  readGauge(
    registry,
    {
      name: 'irispair_party_linked',
      help: 'Whether the link with another party is there: 1 or 0',
      labelNames: ['party'],
    },
    () => ofOthers((party) => Number(links.isLinked(party))),
  );
  readCounter(
    registry,
    {
      name: 'irispair_party_link_bytes_total',
      help: 'Bytes on the links with another party, before TLS',
      labelNames: ['party', 'direction'],
    },
    () =>
      [nextParty, previousParty].flatMap((party) => {
        const traffic = counters.traffic[party];
        return [
          { labels: { party, direction: 'sent' }, value: traffic.out.bytes },
          { labels: { party, direction: 'received' }, value: traffic.in.bytes },
        ];
      }),
  );
  readCounter(
    registry,
    {
      name: 'irispair_party_runs_total',
      help: 'Comparisons together with the other parties, by how they ended',
      labelNames: ['result'],
    },
    () => [
      { labels: { result: 'answered' }, value: runs.answered },
      { labels: { result: 'failed' }, value: runs.failed },
    ],
  );
  readCounter(
    registry,
    { name: 'irispair_party_rounds_total', help: 'Rounds of messages with the other parties in them' },
    () => counters.rounds,
  );
  readCounter(
    registry,
    {
      name: 'irispair_party_wait_seconds_total',
      help: "Time in which they waited for the previous party's message, summed over those that ran beside each other",
    },
    () => counters.waitedMilliseconds / MILLISECONDS_A_SECOND,
  );
}
