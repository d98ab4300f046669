/**
 * The desk of party 0, which leads.
 *
 * 1. Wait until both followers have joined and the own iris service is there.
 * 2. Begin a term: settle what an earlier one left prepared; compare registries; have followers whose graph differs take the own; catch all three graphs up.
 * 3. Serve: gather requests that arrived at all three, agree on each batch, decide it, store it, answer it.
 * 4. Whatever goes wrong ends the term: all that waits is refused, all followers are told why, and it begins anew.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@irispair/common/errors/message';
import { Server, type ServerWritableStream } from '@grpc/grpc-js';
import {
  ConflictError,
  InvalidInputError,
  MisconfiguredError,
  UnavailableError,
} from '@irispair/common/errors/errors';
import { PARTIES, partyIndex, type PartyIndex } from '@irispair/common/parties/party';
import {
  AgreementService,
  type AgreementServer,
  Refusal,
  type CopyGraphRequest,
  type CopyGraphResponse,
  type JoinRequest,
  type JoinResponse,
  type Outcome,
  type Standing,
} from '@irispair/proto/agreement';
import { Batcher, lost } from '../batch/batcher.js';
import type { Answer, Ask, Patience, Pending } from '../batch/request.js';
import { CATCH_UP_BATCH } from '../index/graph-index.js';
import type { AgreementParts } from './agreement-parts.js';
import { Arrivals, type RefusedArrival } from './arrivals.js';
import { sendGraph } from './graph-copy.js';
import { packIrises } from './irises.js';
import type { Council } from './party-batches.js';
import { inWork, PartyDesk } from './party-desk.js';
import { refusalError } from './refusals.js';
import { endCall, Seat } from './seat.js';
import { settlements } from './settlement.js';
import { Tally, type Stage } from './tally.js';
import { Term, type TermEnd } from './term.js';
import {
  AGREEMENT_OPTIONS,
  AGREEMENT_VERSION,
  callerTrouble,
  LEADER,
  leaderCredentials,
  type LeaderStream,
} from './wire.js';

const FOLLOWERS = PARTIES.filter((party) => party !== LEADER);

/** A party that says nothing of a batch for so long is given up. */
const OUTCOME_MILLISECONDS = 150_000;

/**
 * A term's batches are numbered from the second in which it begins, and from above all that any party remembers: no number
 * comes twice, even when all three forgot, unless the clock was set back; then the term's nonce still tells runs apart.
 */
const NUMBERS_A_SECOND = 2 ** 20;

interface Held {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
  readonly ask: Ask;
  readonly patience: Patience;
}

/** A term that serves. */
interface Serving {
  readonly term: Term;
  readonly arrivals: Arrivals;
}

/** Leads. */
export class Leader extends PartyDesk {
  private readonly seats = new Map<PartyIndex, Seat>();
  private readonly held = new Map<string, Held>();
  private readonly inBatch = new Set<string>();
  private readonly batcher: Batcher;
  private readonly running: Promise<void>;
  private term: Term | undefined;
  private serving: Serving | undefined;
  private tally: Tally | undefined;
  private lastNumber = 0;
  private isClosed = false;
  /** How the parties differed when the last term ended; undefined when that was not why. */
  private difference: string | undefined;

  private constructor(
    parts: AgreementParts,
    private readonly server: Server,
  ) {
    super(parts);
    this.batcher = new Batcher(parts.limits, (batch) => this.decideTogether(batch));
    const handlers: AgreementServer = {
      join: (call) => {
        this.join(call);
      },
      copyGraph: (call) => {
        this.copyGraph(call);
      },
    };
    server.addService(AgreementService, handlers);
    this.running = this.run();
  }

  /** Listens for followers. @throws MisconfiguredError when the address cannot be had */
  static async listen(parts: AgreementParts): Promise<Leader> {
    const server = new Server(AGREEMENT_OPTIONS);
    const leader = new Leader(parts, server);
    await new Promise<void>((resolve, reject) => {
      server.bindAsync(parts.address, leaderCredentials(parts.identity), (error, port) => {
        if (error === null) {
          parts.logger.info({ listen: parts.address, port }, 'waiting for the other two parties');
          resolve();
          return;
        }
        reject(
          new MisconfiguredError(
            `cannot listen on ${parts.address}: ${error.message}; choose another IRISPAIR_AGREEMENT`,
          ),
        );
      });
    });
    return leader;
  }

  protected get presentTerm(): Term | undefined {
    return this.term;
  }

  get waiting(): number {
    return this.batcher.waiting + (this.serving?.arrivals.waiting ?? 0);
  }

  submit(ask: Ask, patience: Patience): Promise<Answer> {
    const { serving } = this;
    const { name } = ask;
    if (name === undefined) return Promise.reject(new InvalidInputError('request_id', 'missing'));
    if (serving === undefined) return Promise.reject(new UnavailableError(this.told));
    if (serving.arrivals.has(LEADER, name.requestId)) return Promise.reject(inWork(name.requestId));
    return new Promise((resolve, reject) => {
      this.held.set(name.requestId, { ask, patience, resolve, reject });
      serving.arrivals.arrive(LEADER, name);
    });
  }

  drained(): Promise<void> {
    return this.batcher.drained();
  }

  async close(): Promise<void> {
    this.isClosed = true;
    const stops = new UnavailableError('party 0 stops');
    this.term?.end(stops);
    this.changed();
    await this.running;
    for (const seat of this.seats.values()) seat.end(stops);
    this.server.forceShutdown();
  }

  private async run(): Promise<void> {
    for (;;) {
      await this.gather();
      if (this.isClosed) return;
      const term = new Term();
      this.term = term;
      this.parts.metrics.began();
      let reason: TermEnd;
      try {
        await this.live(term);
        reason = new UnavailableError('the term is over');
      } catch (error) {
        reason = isTermEnd(error) ? error : new UnavailableError(String(error));
        if (!isTermEnd(error)) this.parts.logger.error({ err: error }, 'a term failed');
      }
      term.end(reason);
      await this.dissolve(reason);
    }
  }

  /** Resolves when all three are there. */
  private async gather(): Promise<void> {
    for (;;) {
      if (this.isClosed) return;
      const missing = FOLLOWERS.filter((party) => !this.seats.has(party));
      if (this.isReady && missing.length === 0) return;
      const waiting = `waiting for ${missing.map((party) => `party ${party}`).join(' and ')} to join`;
      const reason = this.isReady ? (this.difference ?? waiting) : this.unready;
      for (const seat of this.seats.values()) seat.send({ $case: 'delay', value: { reason } });
      this.tellWhenJoined(reason);
      await new Promise<void>((resolve) => {
        this.changed = resolve;
      });
    }
  }

  private async live(term: Term): Promise<void> {
    const { index } = this.parts;
    const seats = [...this.seats.values()];
    const own = await this.settleTogether(term, seats);
    checkRegistries([own, ...seats.map(({ standing }) => standing)]);
    this.lastNumber = Math.max(
      own.lastBatch,
      ...seats.map(({ standing }) => standing.lastBatch),
      Math.floor(Date.now() / 1_000) * NUMBERS_A_SECOND,
    );
    const equal = seats.map(async (seat) => {
      const isEqual = seat.standing.graphChecksum.equals(own.graphChecksum);
      const again = isEqual ? undefined : seat.standsAgain();
      seat.mayCopy = !isEqual;
      const { nonce } = term;
      seat.send({ $case: 'welcome', value: { standing: own, layerKey: index.layerKey, nonce } });
      if (again === undefined) return;
      this.parts.logger.info({ party: seat.party }, 'a follower takes the graph of this party');
      const { graphChecksum } = await again;
      seat.mayCopy = false;
      if (!graphChecksum.equals(own.graphChecksum)) {
        throw new ConflictError(`the graph of party ${seat.party} still differs after it took party 0's`);
      }
    });
    await term.until(Promise.all(equal));
    await this.catchUpTogether(term);
    this.serve(term);
    await term.until(new Promise<never>(() => undefined));
  }

  /** Has every party apply or drop what an earlier term left prepared. @returns what this party holds then */
  private async settleTogether(term: Term, seats: readonly Seat[]): Promise<Standing> {
    const { batches } = this.parts;
    const before = await term.until(batches.standing());
    const [own, ...others] = settlements([before, ...seats.map(({ standing }) => standing)]);
    const settling = seats.map(async (seat, place) => {
      const settle = others[place];
      if (settle === undefined) return;
      const again = seat.standsAgain();
      seat.send({ $case: 'settle', value: settle });
      await again;
    });
    if (own !== undefined) settling.push(batches.settle(own));
    await term.until(Promise.all(settling));
    return own === undefined ? before : term.until(batches.standing());
  }

  private async catchUpTogether(term: Term): Promise<void> {
    const { batches, readiness } = this.parts;
    const behind = batches.behind();
    await term.until(batches.beginCatchUp());
    if (behind.length > 0) readiness.noteApart('the graphs of the three parties are catching up');
    for (let first = 0; first < behind.length; first += CATCH_UP_BATCH) {
      const irises = behind.slice(first, first + CATCH_UP_BATCH);
      const number = this.nextNumber();
      const progress = { done: first + irises.length, all: behind.length };
      this.tally = new Tally(number, 'stored');
      const work = { $case: 'catchUp', value: { ids: packIrises(irises), ...progress } } as const;
      this.broadcast({ $case: 'batch', value: { number, work } });
      const name = { number, nonce: term.nonce };
      await term.until(batches.catchUp({ ...name, ...progress }, irises, this.council(term)));
    }
  }

  private serve(term: Term): void {
    const { arrivalMilliseconds, limits } = this.parts;
    const arrivals = new Arrivals(arrivalMilliseconds, limits.queue, {
      complete: (requestId) => {
        this.enqueue(requestId);
      },
      refused: (refused) => {
        this.refuse(refused);
      },
    });
    this.serving = { term, arrivals };
    this.broadcast({ $case: 'serving', value: {} });
    this.tellServing();
  }

  /** Ends what the term had begun. */
  private async dissolve(reason: TermEnd): Promise<void> {
    const { batches, metrics } = this.parts;
    metrics.serving = false;
    this.serving?.arrivals.close();
    this.serving = undefined;
    this.term = undefined;
    this.difference = reason instanceof ConflictError ? reason.message : undefined;
    this.tell(reason.message);
    for (const seat of this.seats.values()) seat.end(reason);
    this.seats.clear();
    for (const [requestId, { reject }] of this.held) {
      if (!this.inBatch.has(requestId)) reject(new UnavailableError(reason.message));
    }
    this.held.clear();
    await batches.abandon(reason.message);
  }

  private enqueue(requestId: string): void {
    const held = this.held.get(requestId);
    if (held === undefined) return;
    this.batcher.submit(held.ask, held.patience).then(held.resolve, (error: unknown) => {
      if (this.held.get(requestId) === held && !this.inBatch.has(requestId)) {
        const isAbandoned = lost(held.patience) !== undefined;
        this.serving?.arrivals.refuse(
          requestId,
          isAbandoned ? Refusal.ABANDONED : Refusal.FULL,
          error instanceof Error ? `party 0: ${error.message}` : String(error),
        );
      }
      held.reject(error);
    });
  }

  private refuse({ requestId, refusal, detail, holders }: RefusedArrival): void {
    this.parts.metrics.refused(refusal);
    for (const party of holders) {
      if (party === LEADER) {
        this.held.get(requestId)?.reject(refusalError(refusal, detail));
        this.held.delete(requestId);
      } else {
        this.seats.get(party)?.send({ $case: 'refused', value: { requestId, refusal, detail } });
      }
    }
  }

  private async decideTogether(batch: readonly Pending[]): Promise<void> {
    const { serving } = this;
    // Those of a term that is over were refused already.
    const ids = batch.map(({ ask }) => ask.name?.requestId ?? '');
    const current = batch.filter((_, place) => this.held.get(ids[place])?.ask === batch[place].ask);
    for (const pending of batch) {
      if (!current.includes(pending))
        pending.reject(new UnavailableError('the three parties stopped meanwhile'));
    }
    if (serving === undefined || current.length === 0) {
      for (const pending of current) pending.reject(new UnavailableError(this.told));
      return;
    }
    const requestIds = current.map(({ ask }) => ask.name?.requestId ?? '');
    for (const requestId of requestIds) this.inBatch.add(requestId);
    const { term, arrivals } = serving;
    const number = this.nextNumber();
    this.tally = new Tally(number, 'decided');
    const work = { $case: 'requests', value: { requestIds } } as const;
    this.broadcast({ $case: 'batch', value: { number, work } });
    try {
      await this.parts.batches.decide({ number, nonce: term.nonce }, current, this.council(term));
    } catch (error) {
      this.parts.logger.debug({ err: error, batch: number }, 'a batch failed');
    } finally {
      for (const requestId of requestIds) {
        this.inBatch.delete(requestId);
        this.held.delete(requestId);
        arrivals.forget(requestId);
      }
    }
  }

  private council(term: Term): Council {
    return {
      decided: async (outcome, changes) => {
        const { batch } = outcome;
        await this.hear(term, outcome, 'decided');
        if (!changes) {
          this.broadcast({ $case: 'settled', value: { batch, failure: '' } });
          return;
        }
        this.tally = new Tally(batch, 'stored');
        this.broadcast({ $case: 'store', value: { batch } });
      },
      stored: async (outcome) => {
        await this.hear(term, outcome, 'stored');
        this.broadcast({ $case: 'settled', value: { batch: outcome.batch, failure: '' } });
      },
    };
  }

  /** Hears all three. @throws UnavailableError when they do not go on; the term is over then */
  private async hear(term: Term, own: Outcome, stage: Stage): Promise<void> {
    const { tally } = this;
    if (tally === undefined || !this.note(term, LEADER, own, stage)) {
      throw new Error(`batch ${own.batch} is not ${stage} now`);
    }
    const patience = new AbortController();
    const tooLong = sleep(OUTCOME_MILLISECONDS, undefined, { signal: patience.signal }).then(() => {
      this.giveUp(
        term,
        own.batch,
        new UnavailableError(`a party said nothing of batch ${own.batch} for too long`),
      );
    });
    // Ended by the patience, when all is well.
    tooLong.catch(() => undefined);
    try {
      await term.until(tally.complete);
    } finally {
      patience.abort();
    }
    const { difference } = tally;
    if (difference === undefined) return;
    this.giveUp(term, own.batch, new ConflictError(difference));
    throw new UnavailableError(difference);
  }

  /**
   * Notes what a party came to. One that failed is not waited for: the others may wait for it in their comparing.
   * @returns false when the party has no say in this now
   */
  private note(term: Term, party: PartyIndex, outcome: Outcome, stage: Stage): boolean {
    if (this.tally?.stage !== stage || !this.tally.put(party, outcome)) return false;
    if (outcome.failure !== '')
      this.giveUp(term, outcome.batch, new UnavailableError(`party ${party}: ${outcome.failure}`));
    return true;
  }

  /** Has no party answer a batch as decided. */
  private giveUp(term: Term, batch: number, reason: TermEnd): void {
    if (term.isOver) return;
    this.parts.logger.error({ batch, reason: reason.message }, 'a batch failed');
    this.broadcast({ $case: 'settled', value: { batch, failure: reason.message } });
    term.end(reason);
  }

  private nextNumber(): number {
    this.lastNumber += 1;
    return this.lastNumber;
  }

  private broadcast(kind: NonNullable<JoinResponse['kind']>): void {
    for (const seat of this.seats.values()) seat.send(kind);
  }

  private join(call: LeaderStream): void {
    let seat: Seat | undefined;
    const left = (why: string) => {
      if (seat !== undefined) this.leave(seat, why);
    };
    call.on('data', (request: JoinRequest) => {
      if (seat !== undefined) {
        this.receive(seat, request);
        return;
      }
      try {
        seat = this.seat(call, request);
      } catch (error) {
        endCall(call, isTermEnd(error) ? error : new ConflictError(messageOf(error)));
        return;
      }
      this.seats.set(seat.party, seat);
      this.changed();
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

  /** A seat for whoever stands here. @throws ConflictError when it cannot have one */
  private seat(call: LeaderStream, { kind }: JoinRequest): Seat {
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
    const own = this.parts.batches.settings;
    if (standing.settings !== own) {
      throw new ConflictError(
        `the settings of party ${party} and of party 0 differ and must be equal: "${standing.settings}" and "${own}"`,
      );
    }
    const before = this.seats.get(party);
    if (before !== undefined) {
      this.leave(before, 'it joined anew');
      before.end(new UnavailableError(`party ${party} joined anew`));
    }
    return new Seat(party, standing, call);
  }

  private receive(seat: Seat, { kind }: JoinRequest): void {
    const { party } = seat;
    const { serving } = this;
    switch (kind?.$case) {
      case 'standing':
        seat.stand(kind.value);
        return;
      case 'arrived':
        if (serving === undefined) return;
        if (serving.arrivals.has(party, kind.value.requestId)) break;
        serving.arrivals.arrive(party, kind.value);
        return;
      case 'decided':
      case 'stored':
        if (this.term !== undefined && this.note(this.term, party, kind.value, kind.$case)) return;
        break;
      case undefined:
        break;
    }
    this.term?.end(new UnavailableError(`party ${party} spoke out of turn: ${kind?.$case ?? 'nothing'}`));
  }

  private leave(seat: Seat, why: string): void {
    if (this.seats.get(seat.party) !== seat) return;
    this.seats.delete(seat.party);
    this.term?.end(new UnavailableError(`party ${seat.party} went away: ${why}`));
    this.changed();
  }

  private copyGraph(call: ServerWritableStream<CopyGraphRequest, CopyGraphResponse>): void {
    const seat = [...this.seats.values()].find(
      ({ party, mayCopy }) => mayCopy && callerTrouble(this.parts.identity, call, party) === undefined,
    );
    if (seat === undefined) {
      endCall(call, new ConflictError('the graph is given to followers that were told that theirs differs'));
      return;
    }
    sendGraph(this.parts.index.parts(), call).then(
      () => {
        call.end();
      },
      (error: unknown) => {
        endCall(call, new UnavailableError(messageOf(error)));
      },
    );
  }
}

/** @throws ConflictError saying what each holds */
function checkRegistries(standings: readonly Standing[]): void {
  const [leader] = standings;
  const isSame = standings.every(({ registryChecksum }) => registryChecksum.equals(leader.registryChecksum));
  if (isSame) return;
  const held = standings.map(
    ({ party, enrolled, highestSerialId, registryChecksum }) =>
      `party ${party} ${enrolled} people up to serial id ${highestSerialId} (${registryChecksum.toString('hex', 0, 4)})`,
  );
  throw new ConflictError(
    `the parties' irises differ, and no party serves until they are equal: ${held.join(', ')}: ` +
      'see "Agreement" in docs/parties.md',
  );
}

function isTermEnd(error: unknown): error is TermEnd {
  return error instanceof UnavailableError || error instanceof ConflictError;
}
