/** What a link allows and how long it waits. Tests choose smaller ones. */

/** Limits of the links of a party. */
export interface LinkLimits {
  /** Bytes of one message. */
  readonly mostMessageBytes: number;
  /** Bytes that came and were not taken yet; beyond it nothing more is read from the previous party until some were taken. */
  readonly mostUnreadBytes: number;
  /** Runs that the previous party has begun and this one has not. */
  readonly mostAwaitedRuns: number;
  /** Bytes of their messages. */
  readonly mostAwaitedBytes: number;
  /** Milliseconds within which this party begins such a run. */
  readonly awaitedMilliseconds: number;
  /** Milliseconds that a run waits for the previous party's message, or for room to send its own. */
  readonly silentRunMilliseconds: number;
  /** Milliseconds between signs of life. */
  readonly pingMilliseconds: number;
  /** Milliseconds without any after which a connection counts as lost. */
  readonly silentLinkMilliseconds: number;
  /** Milliseconds for connecting, TLS and the greeting. */
  readonly handshakeMilliseconds: number;
  /** Milliseconds before connecting again; doubled after each failure. */
  readonly firstRetryMilliseconds: number;
  /** Milliseconds beyond which they are not doubled. */
  readonly longestRetryMilliseconds: number;
}

const MEBIBYTE = 1 << 20;

export const LINK_LIMITS: LinkLimits = {
  mostMessageBytes: 64 * MEBIBYTE,
  mostUnreadBytes: 256 * MEBIBYTE,
  mostAwaitedRuns: 16_384,
  mostAwaitedBytes: 256 * MEBIBYTE,
  awaitedMilliseconds: 30_000,
  silentRunMilliseconds: 30_000,
  pingMilliseconds: 2_000,
  silentLinkMilliseconds: 10_000,
  handshakeMilliseconds: 5_000,
  firstRetryMilliseconds: 100,
  longestRetryMilliseconds: 5_000,
};
