/**
 * Who has joined the leader.
 *
 * 1. Listen for followers, over mutual TLS.
 * 2. Give a follower that says what it holds a seat, when it is who it says and fits; a later call of the same takes its place.
 * 3. Hand on what those with a seat say, and that one has left.
 * 4. Give the graph to those that were told that theirs differs.
 */
import { Server, type ServerWritableStream } from '@grpc/grpc-js';
import { ConflictError, MisconfiguredError, UnavailableError } from '@irispair/common/errors/errors';
import { messageOf } from '@irispair/common/errors/message';
import { PARTIES, partyIndex, type PartyIndex } from '@irispair/common/parties/party';
import type { PartyIdentity } from '@irispair/common/parties/party-identity';
import {
  AgreementService,
  type AgreementServer,
  type CopyGraphRequest,
  type CopyGraphResponse,
  type JoinRequest,
  type JoinResponse,
} from '@irispair/proto/agreement';
import type { GraphPart } from '../index/graph-index.js';
import { sendGraph } from './graph-copy.js';
import { endCall, Seat } from './seat.js';
import { isTermEnd, type TermEnd } from './term.js';
import {
  AGREEMENT_OPTIONS,
  AGREEMENT_VERSION,
  callerTrouble,
  LEADER,
  leaderCredentials,
  type LeaderStream,
} from './wire.js';

const FOLLOWERS = PARTIES.filter((party) => party !== LEADER);

/** What a follower says once it has a seat. */
export type Said = Exclude<JoinRequest['kind'], { $case: 'standing' }>;

/** Told what happens at the seats. */
export interface SeatsObserver {
  /** A seat was taken. */
  joined(): void;
  /** A seat is empty again. */
  left(party: PartyIndex, why: string): void;
  said(party: PartyIndex, said: Said): void;
}

/** What seats are given by. */
export interface SeatsParts {
  readonly identity: PartyIdentity;
  /** HOST:PORT to listen on. */
  readonly address: string;
  /** Of this party; a follower's must be the same. */
  readonly settings: () => string;
  /** All parts of this party's graph. */
  readonly graph: () => Iterable<GraphPart>;
}

/** The followers' seats. */
export class Seats {
  private readonly server = new Server(AGREEMENT_OPTIONS);
  private readonly taken = new Map<PartyIndex, Seat>();

  constructor(
    private readonly parts: SeatsParts,
    private readonly observer: SeatsObserver,
  ) {
    const handlers: AgreementServer = {
      join: (call) => {
        this.join(call);
      },
      copyGraph: (call) => {
        this.copyGraph(call);
      },
    };
    this.server.addService(AgreementService, handlers);
  }

  /** @returns the port. @throws MisconfiguredError when the address cannot be had */
  listen(): Promise<number> {
    const { address, identity } = this.parts;
    return new Promise((resolve, reject) => {
      this.server.bindAsync(address, leaderCredentials(identity), (error, port) => {
        if (error === null) {
          resolve(port);
          return;
        }
        reject(
          new MisconfiguredError(
            `cannot listen on ${address}: ${error.message}; choose another address in IRISPAIR_AGREEMENT, ` +
              "or in IRISPAIR_AGREEMENT_LISTEN where it is not this machine's own",
          ),
        );
      });
    });
  }

  /** Those with a seat. */
  get all(): readonly Seat[] {
    return [...this.taken.values()];
  }

  /** Followers that have not joined. */
  get missing(): readonly PartyIndex[] {
    return FOLLOWERS.filter((party) => !this.taken.has(party));
  }

  /** Tells a follower; nothing when it has no seat. */
  send(party: PartyIndex, kind: NonNullable<JoinResponse['kind']>): void {
    this.taken.get(party)?.send(kind);
  }

  /** Tells all followers. */
  broadcast(kind: NonNullable<JoinResponse['kind']>): void {
    for (const seat of this.all) seat.send(kind);
  }

  /** Ends all calls with the reason. */
  dismiss(reason: TermEnd): void {
    for (const seat of this.all) seat.end(reason);
    this.taken.clear();
  }

  close(reason: TermEnd): void {
    this.dismiss(reason);
    this.server.forceShutdown();
  }

  private join(call: LeaderStream): void {
    let seat: Seat | undefined;
    const left = (why: string) => {
      if (seat !== undefined) this.leave(seat, why);
    };
    call.on('data', ({ kind }: JoinRequest) => {
      if (seat === undefined) {
        seat = this.admit(call, kind);
        return;
      }
      if (kind?.$case === 'standing') seat.stand(kind.value);
      else this.observer.said(seat.party, kind);
    });
    call.on('cancelled', () => {
      left('its call was cancelled');
    });
    call.on('end', () => {
      left('it ended its call');
    });
    call.on('error', (error) => {
      left(error.message);
    });
  }

  /** @returns undefined for one that cannot have a seat: its call is over */
  private admit(call: LeaderStream, kind: JoinRequest['kind']): Seat | undefined {
    try {
      const seat = this.seat(call, kind);
      this.taken.set(seat.party, seat);
      this.observer.joined();
      return seat;
    } catch (error) {
      endCall(call, isTermEnd(error) ? error : new ConflictError(messageOf(error)));
      return undefined;
    }
  }

  /** A seat for whoever stands here. @throws ConflictError when it cannot have one */
  private seat(call: LeaderStream, kind: JoinRequest['kind']): Seat {
    if (kind?.$case !== 'standing') throw new ConflictError('standing: missing: it is to be said first');
    const standing = kind.value;
    const party = partyIndex(standing.party);
    if (party === LEADER) throw new ConflictError('party: 0 leads, and is here already: give 1 or 2');
    const trouble = callerTrouble(this.parts.identity, call, party);
    if (trouble !== undefined) throw new ConflictError(trouble);
    if (standing.version !== AGREEMENT_VERSION) {
      throw new ConflictError(
        `version: ${standing.version}, party 0 has ${AGREEMENT_VERSION}: give all three parties the same release`,
      );
    }
    const own = this.parts.settings();
    if (standing.settings !== own) {
      throw new ConflictError(
        `the settings of party ${party} and of party 0 differ and must be equal: "${standing.settings}" and "${own}"`,
      );
    }
    const before = this.taken.get(party);
    if (before !== undefined) {
      this.leave(before, 'it joined anew');
      before.end(new UnavailableError(`party ${party} joined anew`));
    }
    return new Seat(party, standing, call);
  }

  private leave(seat: Seat, why: string): void {
    if (this.taken.get(seat.party) !== seat) return;
    this.taken.delete(seat.party);
    this.observer.left(seat.party, why);
  }

  private copyGraph(call: ServerWritableStream<CopyGraphRequest, CopyGraphResponse>): void {
    const seat = this.all.find(
      ({ party, mayCopy }) => mayCopy && callerTrouble(this.parts.identity, call, party) === undefined,
    );
    if (seat === undefined) {
      endCall(call, new ConflictError('the graph is given to followers that were told that theirs differs'));
      return;
    }
    sendGraph(this.parts.graph(), call).then(
      () => {
        call.end();
      },
      (error: unknown) => {
        endCall(call, new UnavailableError(messageOf(error)));
      },
    );
  }
}
