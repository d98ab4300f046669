/**
 * The desk of party 0, which leads.
 *
 * 1. Wait until both followers have joined and the own iris service is there.
 * 2. Begin a term: settle what an earlier one left prepared; compare registries; have followers whose graph differs take the own;
 *    catch all three graphs up.
 * 3. Serve: gather requests that arrived at all three, agree on each batch, decide it, store it, answer it.
 * 4. Whatever goes wrong ends the term: all that waits is refused, all followers are told why, and it begins anew.
 */
import { ConflictError, InvalidInputError, UnavailableError } from '@irispair/common/errors/errors';
import type { PartyIndex } from '@irispair/common/parties/party';
import { Refusal, type Standing } from '@irispair/proto/agreement';
import { lost } from '../batch/admission.js';
import { Batcher } from '../batch/batcher.js';
import type { Answer, Ask, Patience, Pending } from '../batch/request.js';
import { CATCH_UP_BATCH } from '../index/graph-index.js';
import type { AgreementParts } from './agreement-parts.js';
import { Arrivals, type RefusedArrival } from './arrivals.js';
import { Hearing } from './hearing.js';
import { packIrises } from './irises.js';
import { inWork, PartyDesk } from './party-desk.js';
import { refusalError } from './refusals.js';
import type { Seat } from './seat.js';
import { Seats, type Said } from './seats.js';
import { settleTogether } from './settle-together.js';
import { isTermEnd, Term, type TermEnd } from './term.js';
import { LEADER } from './wire.js';

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
  readonly hearing: Hearing;
  readonly arrivals: Arrivals;
}

/** Leads. */
export class Leader extends PartyDesk {
  private readonly seats: Seats;
  private readonly held = new Map<string, Held>();
  private readonly inBatch = new Set<string>();
  private readonly batcher: Batcher;
  private readonly running: Promise<void>;
  private term: Term | undefined;
  private serving: Serving | undefined;
  private hearing: Hearing | undefined;
  private isClosed = false;
  /** How the parties differed when the last term ended; undefined when that was not why. */
  private difference: string | undefined;

  private constructor(parts: AgreementParts) {
    super(parts);
    const { identity, listen, batches, index } = parts;
    this.seats = new Seats(
      { identity, address: listen, settings: () => batches.settings, graph: () => index.parts() },
      {
        joined: () => {
          this.changed();
        },
        left: (party, why) => {
          this.term?.end(new UnavailableError(`party ${party} went away: ${why}`));
          this.changed();
        },
        said: (party, said) => {
          this.receive(party, said);
        },
      },
    );
    this.batcher = new Batcher(parts.limits, (batch) => this.decideTogether(batch), parts.noteTurned);
    this.running = this.run();
  }

  /** Listens for followers. @throws MisconfiguredError when the address cannot be had */
  static async listen(parts: AgreementParts): Promise<Leader> {
    const leader = new Leader(parts);
    const port = await leader.seats.listen();
    parts.logger.info({ listen: parts.listen, port }, 'waiting for the other two parties');
    return leader;
  }

  protected get presentTerm(): Term | undefined {
    return this.term;
  }

  get waiting(): number {
    return this.batcher.waiting + (this.serving?.arrivals.waiting ?? 0);
  }

  get expectedMilliseconds(): number {
    return this.batcher.expectedMilliseconds;
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
    this.seats.close(stops);
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
      const { missing } = this.seats;
      if (this.isReady && missing.length === 0) return;
      const waiting = `waiting for ${missing.map((party) => `party ${party}`).join(' and ')} to join`;
      const reason = this.isReady ? (this.difference ?? waiting) : this.unready;
      this.seats.broadcast({ $case: 'delay', value: { reason } });
      this.tellWhenJoined(reason);
      await new Promise<void>((resolve) => {
        this.changed = resolve;
      });
    }
  }

  private async live(term: Term): Promise<void> {
    const { batches } = this.parts;
    const seats = this.seats.all;
    const own = await settleTogether(term, batches, seats);
    const standings = [own, ...seats.map(({ standing }) => standing)];
    checkRegistries(standings);
    const hearing = new Hearing(
      term,
      numberBefore(standings),
      (kind) => {
        this.seats.broadcast(kind);
      },
      this.parts.logger,
    );
    this.hearing = hearing;
    await term.until(Promise.all(seats.map((seat) => this.makeEqual(seat, own, term))));
    await this.catchUpTogether(term, hearing);
    this.serve(hearing);
    await term.until(new Promise<never>(() => undefined));
  }

  /** Has a follower whose graph differs take the own. @throws ConflictError when it differs even then */
  private async makeEqual(seat: Seat, own: Standing, { nonce }: Term): Promise<void> {
    const { index, logger } = this.parts;
    const isEqual = seat.standing.graphChecksum.equals(own.graphChecksum);
    const again = isEqual ? undefined : seat.standsAgain();
    seat.mayCopy = !isEqual;
    seat.send({ $case: 'welcome', value: { standing: own, layerKey: index.layerKey, nonce } });
    if (again === undefined) return;
    logger.info({ party: seat.party }, 'a follower takes the graph of this party');
    const { graphChecksum } = await again;
    seat.mayCopy = false;
    if (!graphChecksum.equals(own.graphChecksum)) {
      throw new ConflictError(`the graph of party ${seat.party} still differs after it took party 0's`);
    }
  }

  private async catchUpTogether(term: Term, hearing: Hearing): Promise<void> {
    const { batches, readiness } = this.parts;
    const behind = batches.behind();
    await term.until(batches.beginCatchUp());
    if (behind.length > 0) readiness.noteApart('the graphs of the three parties are catching up');
    for (let first = 0; first < behind.length; first += CATCH_UP_BATCH) {
      const irises = behind.slice(first, first + CATCH_UP_BATCH);
      const progress = { done: first + irises.length, all: behind.length };
      const work = { $case: 'catchUp', value: { ids: packIrises(irises), ...progress } } as const;
      const batch = hearing.begin(work, 'stored');
      await term.until(batches.catchUp({ ...batch, ...progress }, irises, hearing));
    }
  }

  private serve(hearing: Hearing): void {
    const { arrivalMilliseconds, limits } = this.parts;
    const arrivals = new Arrivals(arrivalMilliseconds, limits.queue, {
      complete: (requestId) => {
        this.enqueue(requestId);
      },
      refused: (refused) => {
        this.refuse(refused);
      },
    });
    this.serving = { hearing, arrivals };
    this.seats.broadcast({ $case: 'serving', value: {} });
    this.tellServing();
  }

  /** Ends what the term had begun. */
  private async dissolve(reason: TermEnd): Promise<void> {
    const { batches, metrics } = this.parts;
    metrics.serving = false;
    this.serving?.arrivals.close();
    this.serving = undefined;
    this.hearing = undefined;
    this.term = undefined;
    this.difference = reason instanceof ConflictError ? reason.message : undefined;
    this.tell(reason.message);
    this.seats.dismiss(reason);
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
        this.seats.send(party, { $case: 'refused', value: { requestId, refusal, detail } });
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
    const { hearing, arrivals } = serving;
    const name = hearing.begin({ $case: 'requests', value: { requestIds } }, 'decided');
    try {
      await this.parts.batches.decide(name, current, hearing);
    } catch (error) {
      this.parts.logger.debug({ err: error, batch: name.number }, 'a batch failed');
    } finally {
      for (const requestId of requestIds) {
        this.inBatch.delete(requestId);
        this.held.delete(requestId);
        arrivals.forget(requestId);
      }
    }
  }

  private receive(party: PartyIndex, said: Said): void {
    const { serving } = this;
    switch (said?.$case) {
      case 'arrived':
        if (serving === undefined) return;
        if (serving.arrivals.has(party, said.value.requestId)) break;
        serving.arrivals.arrive(party, said.value);
        return;
      case 'decided':
      case 'stored':
        if (this.hearing?.note(party, said.value, said.$case) === true) return;
        break;
      case undefined:
        break;
    }
    this.term?.end(new UnavailableError(`party ${party} spoke out of turn: ${said?.$case ?? 'nothing'}`));
  }
}

/** A number above all that any party remembers. */
function numberBefore(standings: readonly Standing[]): number {
  return Math.max(
    ...standings.map(({ lastBatch }) => lastBatch),
    Math.floor(Date.now() / 1_000) * NUMBERS_A_SECOND,
  );
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
