/**
 * Which requests arrived where, as the leader knows it.
 *
 * A request may be decided once it has arrived at all three parties with equal digests. One that does not within the limit
 * is refused, at all parties that hold it: nobody waits for what was never sent.
 */
import { PARTIES, type PartyIndex } from '@irispair/common/parties/party';
import { Refusal } from '@irispair/proto/agreement';
import type { RequestName } from '../batch/request.js';

/** A request that will not be decided. */
export interface RefusedArrival {
  readonly requestId: string;
  readonly refusal: Refusal;
  readonly detail: string;
  /** The parties that hold it. */
  readonly holders: readonly PartyIndex[];
}

/** Told what becomes of requests. */
export interface ArrivalsObserver {
  complete(requestId: string): void;
  refused(refused: RefusedArrival): void;
}

interface Arrival {
  readonly digests: (Buffer | undefined)[];
  readonly timer: NodeJS.Timeout;
  isComplete: boolean;
}

/** The requests of one term. */
export class Arrivals {
  private readonly byId = new Map<string, Arrival>();
  private incomplete = 0;

  /** @param most requests that may wait to be complete */
  constructor(
    private readonly milliseconds: number,
    private readonly most: number,
    private readonly observer: ArrivalsObserver,
  ) {}

  /** Requests that have not arrived everywhere. */
  get waiting(): number {
    return this.incomplete;
  }

  /** Whether a party holds a request of this name. */
  has(party: PartyIndex, requestId: string): boolean {
    return this.byId.get(requestId)?.digests[party] !== undefined;
  }

  /** A request arrived at a party that does not hold it. */
  arrive(party: PartyIndex, { requestId, digest }: RequestName): void {
    const known = this.byId.get(requestId);
    if (known === undefined && this.incomplete >= this.most) {
      this.tell(requestId, Refusal.FULL, `${this.most} requests are waiting already: try again later`, [
        party,
      ]);
      return;
    }
    const arrival = known ?? this.begin(requestId);
    arrival.digests[party] = digest;
    if (this.missing(arrival).length > 0) return;
    if (!isSame(arrival)) {
      this.refuseDifferent(requestId, arrival);
      return;
    }
    clearTimeout(arrival.timer);
    arrival.isComplete = true;
    this.incomplete -= 1;
    this.observer.complete(requestId);
  }

  /** A request that was complete is not decided after all. */
  refuse(requestId: string, refusal: Refusal, detail: string): void {
    const holders = this.forget(requestId);
    this.tell(requestId, refusal, detail, holders);
  }

  /** A request is answered: its name may be used again. */
  forget(requestId: string): readonly PartyIndex[] {
    const arrival = this.byId.get(requestId);
    if (arrival === undefined) return [];
    clearTimeout(arrival.timer);
    this.byId.delete(requestId);
    if (!arrival.isComplete) this.incomplete -= 1;
    return PARTIES.filter((party) => arrival.digests[party] !== undefined);
  }

  /** Nothing more is told. */
  close(): void {
    for (const { timer } of this.byId.values()) clearTimeout(timer);
    this.byId.clear();
    this.incomplete = 0;
  }

  private begin(requestId: string): Arrival {
    const timer = setTimeout(() => {
      this.expire(requestId);
    }, this.milliseconds);
    const arrival = { digests: PARTIES.map(() => undefined), timer, isComplete: false };
    this.byId.set(requestId, arrival);
    this.incomplete += 1;
    return arrival;
  }

  private missing({ digests }: Arrival): PartyIndex[] {
    return PARTIES.filter((party) => digests[party] === undefined);
  }

  private expire(requestId: string): void {
    const arrival = this.byId.get(requestId);
    if (arrival === undefined) return;
    if (!isSame(arrival)) {
      this.refuseDifferent(requestId, arrival);
      return;
    }
    const missing = this.missing(arrival);
    this.refuse(
      requestId,
      Refusal.LATE,
      `request ${JSON.stringify(requestId)} did not arrive at ${missing.map((party) => `party ${party}`).join(' and ')} ` +
        `within ${this.milliseconds} ms: send each party its share under the same request_id`,
    );
  }

  private refuseDifferent(requestId: string, { digests }: Arrival): void {
    const [first, ...others] = PARTIES.filter((party) => digests[party] !== undefined);
    const other = others.filter(
      (party) => digests[party]?.equals(digests[first] ?? Buffer.alloc(0)) !== true,
    );
    this.refuse(
      requestId,
      Refusal.DIFFERENT,
      `the parties hold shares of different irises, or different requests, under ${JSON.stringify(requestId)}: ` +
        `${other.map((party) => `party ${party}`).join(' and ')} another than party ${first}; ` +
        'send all three the same request, and their shares of one sharing',
    );
  }

  private tell(requestId: string, refusal: Refusal, detail: string, holders: readonly PartyIndex[]): void {
    this.observer.refused({ requestId, refusal, detail, holders });
  }
}

function isSame({ digests }: Arrival): boolean {
  const known = digests.filter((digest) => digest !== undefined);
  return known.every((digest) => digest.equals(known[0]));
}
