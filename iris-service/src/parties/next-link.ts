/** The link to the next party: connects, greets, hands over seeds; connects again whenever it was lost. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { PartyIdentity } from '@irispair/common/parties/party-identity';
import { nextParty } from '@irispair/common/parties/party';
import type { HostPort } from './link-address.js';
import { FramingError, FrameKind, NO_RUN, type RunId } from './frame.js';
import { LinkConnection } from './link-connection.js';
import type { PeerTraffic } from './link-counters.js';
import type { LinkLimits } from './link-limits.js';
import { peerTrouble, tlsOptions } from './link-tls.js';
import { PairSeeds } from './seeds.js';

/** Written bytes beyond which runs wait before they send more. */
const HIGH_WATER_BYTES = 1 << 20;

/** What the link needs. */
export interface NextLinkParts {
  readonly identity: PartyIdentity;
  readonly address: HostPort;
  readonly limits: LinkLimits;
  readonly traffic: PeerTraffic;
  /** The epoch whose seeds a new connection begins with. */
  readonly epoch: () => bigint;
  /** Called when it is there, and when it is not there any longer, with the reason. */
  readonly changed: (away: string | undefined) => void;
}

/** A connection, and the seeds that were handed over it. */
export interface NextConnection {
  readonly connection: LinkConnection;
  readonly seeds: PairSeeds;
}

/** The link to the next party. */
export class NextLink {
  /** Why it is not there; undefined while it is. */
  away: string | undefined = 'not connected yet';
  private current: NextConnection | undefined;
  private readonly closing = new AbortController();
  private readonly ended: Promise<void>;

  constructor(private readonly parts: NextLinkParts) {
    this.ended = this.keep();
  }

  /** The connection of now; undefined while it is away. */
  get connected(): NextConnection | undefined {
    return this.current;
  }

  /** Sees to it that the next party has the seeds of an epoch and the one after it. */
  handSeeds(epoch: bigint): void {
    if (this.current === undefined) return;
    const { connection, seeds } = this.current;
    seeds.draw(epoch, (payload) => {
      connection.send(FrameKind.Seed, NO_RUN, 0, payload);
    });
  }

  /** Tells the next party that a run has failed, if it is there. @param hops parties to which it passes that on */
  abort(run: RunId, hops: number, payload: Buffer): void {
    this.current?.connection.send(FrameKind.Abort, run, hops, payload);
  }

  async close(reason: string): Promise<void> {
    this.closing.abort();
    const { current } = this;
    current?.connection.close(reason);
    await this.ended;
    await current?.connection.gone;
  }

  private async keep(): Promise<void> {
    const { limits } = this.parts;
    let wait = limits.firstRetryMilliseconds;
    while (!this.closing.signal.aborted) {
      const startedAt = Date.now();
      this.say(await this.connectOnce());
      // One that held is tried again at once.
      if (Date.now() - startedAt > limits.longestRetryMilliseconds) wait = limits.firstRetryMilliseconds;
      await sleep(wait, undefined, { signal: this.closing.signal }).catch(() => undefined);
      wait = Math.min(2 * wait, limits.longestRetryMilliseconds);
    }
  }

  private say(away: string | undefined): void {
    this.away = away;
    this.parts.changed(away);
  }

  /** One connection from its beginning to its end. @returns why it ended */
  private async connectOnce(): Promise<string> {
    const { identity, limits, traffic } = this.parts;
    const peer = nextParty(identity.party);
    let socket: TLSSocket;
    try {
      socket = await this.connectTls();
    } catch (error) {
      return (error as Error).message;
    }
    const trouble = peerTrouble(socket, identity, peer);
    if (trouble !== undefined) {
      socket.destroy();
      return trouble;
    }
    const connection = new LinkConnection({
      socket,
      own: identity.party,
      peer,
      limits,
      traffic,
      receive: () => {
        throw new FramingError('a frame that only the party before sends');
      },
      over: (reason) => {
        this.lose(connection, reason);
      },
    });
    connection.greet();
    const giveUp = setTimeout(() => {
      connection.close('it did not answer the greeting');
    }, limits.handshakeMilliseconds);
    const greeted = await connection.greeted;
    clearTimeout(giveUp);
    if (this.closing.signal.aborted) connection.close('this party stops');
    if (greeted && !connection.isOver) {
      this.current = { connection, seeds: new PairSeeds() };
      this.handSeeds(this.parts.epoch());
      this.say(undefined);
    }
    return connection.lost;
  }

  private lose(connection: LinkConnection, reason: string): void {
    if (this.current?.connection !== connection) return;
    this.current.seeds.destroy();
    this.current = undefined;
    this.say(reason);
  }

  private async connectTls(): Promise<TLSSocket> {
    const { identity, address, limits } = this.parts;
    const options: ConnectionOptions & { readonly highWaterMark: number } = {
      ...tlsOptions(identity),
      ...address,
      highWaterMark: HIGH_WATER_BYTES,
      // Names are not looked at: the certificate is known.
      checkServerIdentity: () => undefined,
    };
    const socket = connect(options);
    const signal = AbortSignal.any([this.closing.signal, AbortSignal.timeout(limits.handshakeMilliseconds)]);
    try {
      await once(socket, 'secureConnect', { signal });
      return socket;
    } catch (error) {
      socket.on('error', () => undefined).destroy();
      if (signal.aborted) throw new Error('it does not answer', { cause: error });
      throw error;
    }
  }
}
