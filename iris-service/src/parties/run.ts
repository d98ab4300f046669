/**
 * One run at one party. Its messages come in order and are numbered; the previous party can be ahead by what the ring lets
 * it, and no further. A run may be heard of before it begins here.
 */
import { PartyFailedError } from '@irispair/common/errors/errors';
import type { PartyIndex } from '@irispair/common/parties/party';
import { FrameKind, runInWords, type RunId } from './frame.js';
import type { LinkCounters } from './link-counters.js';
import type { LinkLimits } from './link-limits.js';
import type { NextConnection } from './next-link.js';
import type { PreviousConnection } from './previous-link.js';
import type { RunChannel, RunKeys } from './run-channel.js';

/**
 * Messages that may lie unread. The previous party sends that of round r + 1 once it has its own previous party's of
 * round r, for which that one needed this party's of round r - 1. So behind the one that this party has not read in its
 * round, two more can come.
 */
const MOST_UNREAD = 3;

/** The connections on which a run began: it ends with either. */
export interface RunEnds {
  readonly next: NextConnection;
  readonly previous: PreviousConnection;
}

/** What a run asks of the links that carry it. */
export interface RunCarrier {
  readonly nextParty: PartyIndex;
  readonly previousParty: PartyIndex;
  readonly limits: LinkLimits;
  readonly counters: LinkCounters;
  /** Fails the run everywhere. @param party to which it is put down */
  failRun(run: Run, party: PartyIndex, reason: string): void;
  /** The run is done here. */
  closeRun(run: Run): void;
  /** Abandons it on behalf of its owner. */
  abortRun(run: Run, reason: string): void;
  /** A begun run has more unread bytes, or fewer. */
  unreadChanged(bytes: number): void;
}

/** Who waits for the next message. */
interface Waiting {
  readonly expected: number | undefined;
  readonly resolve: (message: Buffer) => void;
}

/** A run. */
export class Run implements RunChannel {
  private readonly unread: Buffer[] = [];
  private ends: RunEnds | undefined;
  private waiting: Waiting | undefined;
  private isExchanging = false;
  private sent = 0;
  private arrived = 0;
  private failure: PartyFailedError | undefined;
  private readonly failed: Promise<never>;
  private sayFailed: (error: PartyFailedError) => void = () => undefined;

  constructor(
    readonly id: RunId,
    private readonly carrier: RunCarrier,
  ) {
    this.failed = new Promise<never>((_, reject) => (this.sayFailed = reject));
    // Told to whoever waits; often nobody does.
    this.failed.catch(() => undefined);
  }

  get isBegun(): boolean {
    return this.ends !== undefined;
  }

  get hasUnread(): boolean {
    return this.unread.length > 0;
  }

  private get unreadBytes(): number {
    return this.unread.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  begin(ends: RunEnds): void {
    this.ends = ends;
    this.carrier.unreadChanged(this.unreadBytes);
  }

  async exchange(message: Uint8Array, expected?: number): Promise<Buffer> {
    const { mostMessageBytes } = this.carrier.limits;
    if (message.byteLength > mostMessageBytes) {
      throw new RangeError(
        `a message of ${message.byteLength} bytes: at most ${mostMessageBytes}, exchange fewer candidates at once`,
      );
    }
    const { next } = this.live();
    if (this.isExchanging) {
      throw new Error(`${runInWords(this.id)} exchanges one message already: wait for it`);
    }
    this.isExchanging = true;
    try {
      if (next.connection.isBackedUp) await this.room(next);
      next.connection.send(FrameKind.Data, this.id, this.sent, message);
      this.sent += 1;
      this.carrier.counters.rounds += 1;
      return this.take(expected) ?? (await this.wait(expected));
    } finally {
      this.isExchanging = false;
    }
  }

  async keys(): Promise<RunKeys> {
    const { next, previous } = this.live();
    const both = Promise.all([next.seeds.key(this.id), previous.seeds.key(this.id)]);
    const [withNext, withPrevious] = await this.inTime(
      both,
      this.carrier.previousParty,
      'it handed over no seed',
    );
    return { withNext, withPrevious };
  }

  close(): void {
    this.carrier.closeRun(this);
  }

  abort(reason: string): void {
    this.carrier.abortRun(this, reason);
  }

  /** Takes a message that has come. @returns what is wrong with it; undefined when nothing is */
  put(message: Buffer, sequence: number): string | undefined {
    if (sequence !== this.arrived) return `message ${sequence} came where message ${this.arrived} is due`;
    if (this.unread.length >= MOST_UNREAD) return `message ${sequence} came before it can be due`;
    this.arrived += 1;
    const { waiting } = this;
    if (waiting === undefined) {
      this.unread.push(message);
      if (this.isBegun) this.carrier.unreadChanged(message.byteLength);
      return undefined;
    }
    const trouble = sizeTrouble(message, sequence, waiting.expected);
    if (trouble !== undefined) return trouble;
    this.waiting = undefined;
    waiting.resolve(message);
    return undefined;
  }

  /** Whoever waits for it learns it; nothing that came is kept. */
  fail(party: PartyIndex, reason: string): void {
    if (this.isBegun) this.carrier.unreadChanged(-this.unreadBytes);
    this.unread.length = 0;
    this.waiting = undefined;
    this.failure = new PartyFailedError(party, reason);
    this.sayFailed(this.failure);
  }

  private live(): RunEnds {
    if (this.failure !== undefined) throw this.failure;
    if (this.ends === undefined) throw new Error(`${runInWords(this.id)} has not begun`);
    return this.ends;
  }

  private async room({ connection }: NextConnection): Promise<void> {
    while (connection.isBackedUp) {
      await this.inTime(connection.drained(), this.carrier.nextParty, 'it took nothing of what was sent');
    }
    this.live();
  }

  /** The message that has come already. */
  private take(expected: number | undefined): Buffer | undefined {
    const sequence = this.arrived - this.unread.length;
    const message = this.unread.shift();
    if (message === undefined) return undefined;
    this.carrier.unreadChanged(-message.byteLength);
    const trouble = sizeTrouble(message, sequence, expected);
    if (trouble !== undefined) {
      this.carrier.failRun(this, this.carrier.previousParty, trouble);
      this.live();
    }
    return message;
  }

  private async wait(expected: number | undefined): Promise<Buffer> {
    const { counters, previousParty } = this.carrier;
    const start = performance.now();
    const message = new Promise<Buffer>((resolve) => {
      this.waiting = { expected, resolve };
    });
    try {
      return await this.inTime(message, previousParty, 'its message did not come');
    } finally {
      counters.waitedMilliseconds += performance.now() - start;
    }
  }

  /** @throws PartyFailedError when the run fails before, which it does when time is up */
  private async inTime<Result>(
    result: Promise<Result>,
    party: PartyIndex,
    complaint: string,
  ): Promise<Result> {
    const { silentRunMilliseconds } = this.carrier.limits;
    const timer = setTimeout(() => {
      this.carrier.failRun(this, party, `${complaint} within ${silentRunMilliseconds / 1_000} s`);
    }, silentRunMilliseconds);
    try {
      return await Promise.race([result, this.failed]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function sizeTrouble(message: Buffer, sequence: number, expected: number | undefined): string | undefined {
  if (expected === undefined || message.byteLength === expected) return undefined;
  return `message ${sequence} has ${message.byteLength} bytes where ${expected} are due`;
}
