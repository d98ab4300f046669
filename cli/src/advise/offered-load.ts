/**
 * Puts load on a pair.
 *
 * - Open loop: requests come when they come, whether or not earlier ones are answered. Their gaps are those of a Poisson
 *   process. Each is timed from when it was due, so that one that had to wait to be sent has waited. Beyond a number in
 *   flight a request is not sent, and counted as held back.
 * - Closed loop: so many requests are always in flight; the next is sent when one is answered.
 *
 * Every request that is offered is counted once: held back, answered, refused for overload, or failed.
 */

/** How a request ended. */
export type Outcome = 'answered' | 'overloaded' | 'failed';

/** Requests so far. Offered = held back + sent; sent = answered + late + overloaded + failed once all have ended. */
export interface LoadCounts {
  offered: number;
  /** Not sent: too many were in flight. */
  heldBack: number;
  sent: number;
  /** Answered before the load ended. */
  answered: number;
  /** Answered after it. */
  late: number;
  /** Refused because too many waited. */
  overloaded: number;
  failed: number;
}

/** Time, for tests to set. */
export interface LoadClock {
  /** Milliseconds. */
  now(): number;
  /** Resolves after so many milliseconds, or once it is aborted. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** What a load consists of. */
export interface LoadParts {
  /** Sends one request and resolves to how it ended; never rejects. @param index counts the requests sent, from 0 */
  readonly ask: (index: number) => Promise<Outcome>;
  /** Told of every request that was answered or refused, with the milliseconds since it was due. */
  readonly ended: (outcome: Outcome, milliseconds: number) => void;
  readonly clock: LoadClock;
  readonly signal: AbortSignal;
}

/** Requests that come by themselves. */
export interface OpenLoad {
  /** Requests a second. */
  readonly rate: number;
  readonly milliseconds: number;
  readonly mostInFlight: number;
  /** The next of a row of numbers from 0 to below 1. */
  readonly random: () => number;
}

/** Requests that follow answers. */
export interface ClosedLoad {
  readonly inFlight: number;
  readonly milliseconds: number;
}

/** Longest sleep, so that the end and an abort are seen. */
const MOST_WAIT_MILLISECONDS = 50;
/** Requests that are sent in a row when they are overdue, before answers are looked for. */
const MOST_AT_ONCE = 32;

/** A load that runs. */
export class OfferedLoad {
  readonly counts: LoadCounts = {
    offered: 0,
    heldBack: 0,
    sent: 0,
    answered: 0,
    late: 0,
    overloaded: 0,
    failed: 0,
  };
  private readonly running = new Set<Promise<void>>();
  private hasEnded = false;

  constructor(private readonly parts: LoadParts) {}

  /** Resolves when the time is over and every request sent has ended. */
  async open({ rate, milliseconds, mostInFlight, random }: OpenLoad): Promise<LoadCounts> {
    const { clock, signal } = this.parts;
    const start = clock.now();
    let due = start;
    let overdue = 0;
    while ((due += gap(rate, random)) < start + milliseconds) {
      overdue = clock.now() < due ? 0 : overdue + 1;
      if (overdue % MOST_AT_ONCE === MOST_AT_ONCE - 1) await clock.wait(0, signal);
      await this.until(due);
      if (signal.aborted) break;
      this.counts.offered += 1;
      if (this.running.size >= mostInFlight) this.counts.heldBack += 1;
      else void this.send(due);
    }
    await this.until(start + milliseconds);
    return this.finish();
  }

  /** Resolves when the time is over and every request sent has ended. */
  async closed({ inFlight, milliseconds }: ClosedLoad): Promise<LoadCounts> {
    const { clock, signal } = this.parts;
    const end = clock.now() + milliseconds;
    const lane = async () => {
      while (!signal.aborted && clock.now() < end) {
        this.counts.offered += 1;
        await this.send(clock.now());
      }
    };
    const lanes = Promise.all(Array.from({ length: inFlight }, lane));
    await this.until(end);
    this.hasEnded = true;
    await lanes;
    return this.finish();
  }

  private async finish(): Promise<LoadCounts> {
    this.hasEnded = true;
    await Promise.all(this.running);
    return { ...this.counts };
  }

  private async until(time: number): Promise<void> {
    const { clock, signal } = this.parts;
    for (let left = time - clock.now(); left > 0 && !signal.aborted; left = time - clock.now()) {
      await clock.wait(Math.min(left, MOST_WAIT_MILLISECONDS), signal);
    }
  }

  private send(due: number): Promise<void> {
    const index = this.counts.sent;
    this.counts.sent += 1;
    const request = this.parts.ask(index).then((outcome) => {
      this.running.delete(request);
      this.count(outcome);
      this.parts.ended(outcome, this.parts.clock.now() - due);
    });
    this.running.add(request);
    return request;
  }

  private count(outcome: Outcome): void {
    if (outcome === 'answered') this.counts[this.hasEnded ? 'late' : 'answered'] += 1;
    else this.counts[outcome] += 1;
  }
}

/** Milliseconds to the next arrival of a Poisson process. */
function gap(rate: number, random: () => number): number {
  return (-Math.log(1 - random()) * 1_000) / rate;
}
