/** What the links of a party count, as bare numbers: metrics show them when they are read. */

/** Figures of one connection's direction, of all its connections so far. */
export interface Traffic {
  bytes: number;
  frames: number;
}

/** Traffic with another party. */
export interface PeerTraffic {
  readonly out: Traffic;
  readonly in: Traffic;
}

/** What is counted since the start. */
export interface LinkCounters {
  /** By party; nothing with itself. */
  readonly traffic: readonly [PeerTraffic, PeerTraffic, PeerTraffic];
  /** Failed runs by the party to which it was put down. */
  readonly failedRuns: [number, number, number];
  /** Messages exchanged. */
  rounds: number;
  /** Time in which runs waited for the previous party's message, summed over runs. */
  waitedMilliseconds: number;
}

/** Nothing yet. */
export function noCounts(): LinkCounters {
  return {
    traffic: [noTraffic(), noTraffic(), noTraffic()],
    failedRuns: [0, 0, 0],
    rounds: 0,
    waitedMilliseconds: 0,
  };
}

function noTraffic(): PeerTraffic {
  return { out: { bytes: 0, frames: 0 }, in: { bytes: 0, frames: 0 } };
}
