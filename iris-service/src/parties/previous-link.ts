/** The link from the previous party: listens, looks at certificates, and keeps the one connection that is that party's. */
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { MisconfiguredError } from '@irispair/common/errors/errors';
import type { PartyIdentity } from '@irispair/common/parties/party-identity';
import { previousParty, type PartyIndex } from '@irispair/common/parties/party';
import { FrameKind, FramingError, type Frame } from './frame.js';
import type { HostPort } from './link-address.js';
import { LinkConnection } from './link-connection.js';
import type { PeerTraffic } from './link-counters.js';
import type { LinkLimits } from './link-limits.js';
import { peerTrouble, tlsOptions } from './link-tls.js';
import { PairSeeds } from './seeds.js';

/** Connections at once, most of which can only be callers that are refused. */
const MOST_CONNECTIONS = 64;

/** What the link needs. */
export interface PreviousLinkParts {
  readonly identity: PartyIdentity;
  readonly limits: LinkLimits;
  readonly traffic: PeerTraffic;
  /** Takes messages of runs and aborts. @throws FramingError when what came may not come */
  readonly receive: (frame: Frame) => void;
  /** Called when it is there, and when it is not there any longer, with the reason. */
  readonly changed: (away: string | undefined) => void;
}

/** A connection, and the seeds that came over it. */
export interface PreviousConnection {
  readonly connection: LinkConnection;
  readonly seeds: PairSeeds;
}

/** The link from the previous party. */
export class PreviousLink {
  /** Why it is not there; undefined while it is. */
  away: string | undefined = 'it has not connected yet';
  private current: PreviousConnection | undefined;
  private readonly sockets = new Set<Socket>();
  private readonly peer: PartyIndex;
  private readonly server: Server;

  private constructor(private readonly parts: PreviousLinkParts) {
    const { identity, limits } = parts;
    this.peer = previousParty(identity.party);
    this.server = createServer(
      { ...tlsOptions(identity), requestCert: true, handshakeTimeout: limits.handshakeMilliseconds },
      (socket) => {
        void this.accept(socket);
      },
    );
    this.server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
    this.server.maxConnections = MOST_CONNECTIONS;
    this.server.on('tlsClientError', (error, socket) => {
      this.turnedAway(socket.remoteAddress, error.message);
    });
  }

  /** @throws MisconfiguredError when the address cannot be had */
  static async listen(address: HostPort, parts: PreviousLinkParts): Promise<PreviousLink> {
    const link = new PreviousLink(parts);
    try {
      await once(link.server.listen(address), 'listening');
    } catch (error) {
      throw new MisconfiguredError(
        `cannot listen for the other parties at ${address.host}:${address.port} (${(error as Error).message}): ` +
          "choose another address in IRISPAIR_PARTIES, or in IRISPAIR_PARTY_LISTEN where it is not this machine's own",
        { cause: error },
      );
    }
    // Without a free descriptor: the port listens on.
    link.server.on('error', (error: Error) => {
      link.turnedAway(undefined, error.message);
    });
    return link;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The connection of now; undefined while it is away. */
  get connected(): PreviousConnection | undefined {
    return this.current;
  }

  async close(reason: string): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    const { current } = this;
    current?.connection.close(reason);
    await current?.connection.gone;
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private async accept(socket: TLSSocket): Promise<void> {
    const { identity, limits, traffic, receive } = this.parts;
    const from = socket.remoteAddress;
    const seeds = new PairSeeds();
    const connection = new LinkConnection({
      socket,
      own: identity.party,
      peer: this.peer,
      limits,
      traffic,
      receive: (frame) => {
        if (this.current?.connection !== connection)
          throw new FramingError('a frame before hello was answered');
        if (frame.kind === FrameKind.Seed) seeds.take(frame.payload);
        else receive(frame);
      },
      over: (reason) => {
        this.lose(connection, reason);
      },
    });
    const trouble = peerTrouble(socket, identity, this.peer);
    if (trouble !== undefined) {
      connection.refuse(trouble);
      this.turnedAway(from, trouble);
      return;
    }
    const giveUp = setTimeout(() => {
      connection.close('it did not greet');
    }, limits.handshakeMilliseconds);
    const greeted = await connection.greeted;
    clearTimeout(giveUp);
    if (!greeted || connection.isOver) {
      this.turnedAway(from, await connection.lost);
      return;
    }
    // Runs of an earlier connection have failed here before the other end begins one on this.
    this.current?.connection.close('it connected anew');
    this.current = { connection, seeds };
    connection.greet();
    this.say(undefined);
  }

  private lose(connection: LinkConnection, reason: string): void {
    if (this.current?.connection !== connection) return;
    this.current.seeds.destroy();
    this.current = undefined;
    this.say(reason);
  }

  private turnedAway(address: string | undefined, reason: string): void {
    if (this.current !== undefined) return;
    this.say(`a caller at ${address ?? 'an address that is gone'} was turned away: ${reason}`);
  }

  private say(away: string | undefined): void {
    this.away = away;
    this.parts.changed(away);
  }
}
