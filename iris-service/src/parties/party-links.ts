/**
 * The links of this party's iris service to those of the two others: a ring, in which it sends to the next party and
 * receives from the previous one.
 *
 * Many runs go over the links at once, each called alike by all parties. A run that fails at one party fails at all three:
 * the news goes round the ring. So does every run in progress when a connection is lost.
 */
import type { Logger } from '@irispair/common/log/logger';
import {
  nextParty,
  PARTY_COUNT,
  previousParty,
  type OfEachParty,
  type PartyIndex,
} from '@irispair/common/parties/party';
import type { PartyIdentity } from '@irispair/common/parties/party-identity';
import { keepOutOfDumps } from '@irispair/native/core-dumps';
import { EndedRuns, type RunFailure } from './ended-runs.js';
import { FrameKind, FramingError, runId, runInWords, runKey, type Frame, type RunId } from './frame.js';
import { hostPort } from './link-address.js';
import { noCounts, type LinkCounters } from './link-counters.js';
import { LINK_LIMITS, type LinkLimits } from './link-limits.js';
import { NextLink } from './next-link.js';
import { PreviousLink } from './previous-link.js';
import { reasonPayload, reasonText } from './reason.js';
import { Run, type RunCarrier } from './run.js';
import type { RunChannel } from './run-channel.js';
import { epochOf } from './seeds.js';

export type { RunChannel, RunKeys } from './run-channel.js';

/** What the links need. */
export interface LinkOptions {
  readonly identity: PartyIdentity;
  /** HOST:PORT at which the parties reach each other. */
  readonly addresses: OfEachParty<string>;
  /** HOST:PORT to listen on; default: this party's own of `addresses`. */
  readonly listen?: string | undefined;
  readonly logger: Logger;
  readonly limits?: LinkLimits;
}

/** A run that the previous party has begun and this one has not. */
interface AwaitedRun {
  readonly expiry: NodeJS.Timeout;
  bytes: number;
}

/** Parties that pass on the news of a failed run before it is with all of them: the next one. */
const ABORT_HOPS = 1;

/** Which of the two links. */
type LinkName = 'next' | 'previous';

/** The links of this party. */
export class PartyLinks implements RunCarrier {
  readonly nextParty: PartyIndex;
  readonly previousParty: PartyIndex;
  readonly limits: LinkLimits;
  /** What was counted since the start. */
  readonly counters: LinkCounters = noCounts();
  private readonly runs = new Map<string, Run>();
  private readonly awaited = new Map<string, AwaitedRun>();
  private readonly ended = new EndedRuns();
  private readonly listeners: (() => void)[] = [];
  private readonly isUp: Record<LinkName, boolean> = { next: false, previous: false };
  private readonly lastTold: Record<LinkName, string | undefined> = { next: undefined, previous: undefined };
  private awaitedBytes = 0;
  private unreadBytes = 0;
  private epoch = 0n;
  private isClosed = false;
  private next: NextLink | undefined;
  private previous: PreviousLink | undefined;

  private constructor(private readonly options: LinkOptions) {
    const { party } = options.identity;
    this.nextParty = nextParty(party);
    this.previousParty = previousParty(party);
    this.limits = options.limits ?? LINK_LIMITS;
  }

  /**
   * Listens for the previous party and begins to connect to the next; `away` says when both are there.
   * @throws MisconfiguredError when the address to listen on cannot be had
   */
  static async open(options: LinkOptions): Promise<PartyLinks> {
    // Seeds and keys are in memory from now on.
    keepOutOfDumps();
    const links = new PartyLinks(options);
    const { identity, addresses, listen } = options;
    const { limits, counters } = links;
    links.previous = await PreviousLink.listen(hostPort(listen ?? addresses[identity.party]), {
      identity,
      limits,
      traffic: counters.traffic[links.previousParty],
      receive: (frame) => {
        links.receive(frame);
      },
      changed: (away) => {
        links.changed('previous', links.previousParty, away);
      },
    });
    links.next = new NextLink({
      identity,
      address: hostPort(addresses[links.nextParty]),
      limits,
      traffic: counters.traffic[links.nextParty],
      epoch: () => links.epoch,
      changed: (away) => {
        links.changed('next', links.nextParty, away);
      },
    });
    return links;
  }

  /** Port on which it listens. */
  get port(): number {
    return this.previous?.port ?? 0;
  }

  /** Why no run can begin; undefined while both other parties are there. */
  get away(): string | undefined {
    const failure = this.failureOfLinks();
    return failure === undefined ? undefined : `party ${failure.party}: ${failure.reason}`;
  }

  /** Whether the link with another party is there. */
  isLinked(party: PartyIndex): boolean {
    return this.isUp[party === this.nextParty ? 'next' : 'previous'];
  }

  /** Calls the listener whenever `away` may have changed. */
  onAwayChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  /**
   * Begins a run here. Where a party is away it fails at once, at all parties that are there.
   * @param name 16 bytes: the number of the batch, u64 little-endian, and 8 bytes; used by all parties, and once
   * @param step u32; a name and a step together name a run
   * @throws RangeError when name or step cannot be sent; Error when the run was begun before
   */
  run(name: Uint8Array, step: number): RunChannel {
    const id = runId(name, step);
    const key = runKey(id);
    const end = this.ended.get(key);
    const early = this.runs.get(key);
    if (end === 'finished' || early?.isBegun === true) {
      throw new Error(`${runInWords(id)} was begun before: its keys serve once`);
    }
    const run = early ?? new Run(id, this);
    if (end !== undefined) {
      run.fail(end.party, end.reason);
      return run;
    }
    this.forgetAwaited(key);
    this.runs.set(key, run);
    this.begin(run);
    return run;
  }

  /** Fails what runs, tells the other parties, and closes. */
  async close(): Promise<void> {
    const reason = 'it stops';
    this.isClosed = true;
    this.failAll({ party: this.options.identity.party, reason });
    await this.next?.close(reason);
    await this.previous?.close(reason);
  }

  failRun(run: Run, party: PartyIndex, reason: string): void {
    this.options.logger.warn({ party, reason }, `${runInWords(run.id)} failed`);
    this.fail(run.id, { party, reason });
  }

  closeRun(run: Run): void {
    const key = runKey(run.id);
    if (this.runs.get(key) !== run) return;
    if (run.hasUnread) {
      this.failRun(run, this.previousParty, 'it sent more than the run takes');
      return;
    }
    this.runs.delete(key);
    this.ended.note(key, 'finished');
  }

  abortRun(run: Run, reason: string): void {
    if (this.runs.get(runKey(run.id)) !== run) return;
    this.fail(run.id, { party: this.options.identity.party, reason });
  }

  unreadChanged(bytes: number): void {
    this.unreadBytes += bytes;
    const connection = this.previous?.connected?.connection;
    if (this.unreadBytes > this.limits.mostUnreadBytes) connection?.pause();
    else if (this.unreadBytes <= this.limits.mostUnreadBytes / 2) connection?.goOn();
  }

  private failureOfLinks(): RunFailure | undefined {
    const { identity, addresses } = this.options;
    if (this.isClosed) return { party: identity.party, reason: 'its links are closed' };
    const { next, previous } = this;
    if (next?.away !== undefined) {
      return { party: this.nextParty, reason: `away at ${addresses[this.nextParty]}: ${next.away}` };
    }
    if (previous?.away !== undefined) {
      return { party: this.previousParty, reason: `away: ${previous.away}` };
    }
    return undefined;
  }

  private begin(run: Run): void {
    const next = this.next?.connected;
    const previous = this.previous?.connected;
    const trouble = this.failureOfLinks();
    if (trouble !== undefined || next === undefined || previous === undefined) {
      this.fail(run.id, trouble ?? { party: this.nextParty, reason: 'away' });
      return;
    }
    const epoch = epochOf(run.id);
    if (epoch > this.epoch) {
      this.epoch = epoch;
      // Runs of the batch before may still begin.
      next.seeds.forgetBefore(epoch - 1n);
      previous.seeds.forgetBefore(epoch - 1n);
    }
    run.begin({ next, previous });
    if (epoch < this.epoch - 1n) {
      this.failRun(
        run,
        this.options.identity.party,
        'its batch is long over, and the seed of its keys overwritten',
      );
      return;
    }
    this.next?.handSeeds(epoch);
  }

  /** What the previous party sends, beside seeds. */
  private receive(frame: Frame): void {
    if (frame.kind === FrameKind.Abort) this.receiveAbort(frame);
    else this.receiveData(frame);
  }

  private receiveAbort({ run, sequence, payload }: Frame): void {
    const [party] = payload;
    if (party >= PARTY_COUNT || sequence > ABORT_HOPS) {
      throw new FramingError('an abort frame of no party, or that goes round for ever');
    }
    const failure: RunFailure = { party: party as PartyIndex, reason: reasonText(payload.subarray(1)) };
    this.options.logger.debug({ ...failure }, `${runInWords(run)} failed at another party`);
    this.note(run, failure);
    // Even one that was known: the next party may have begun the run since.
    if (sequence > 0) this.next?.abort(run, sequence - 1, payload);
  }

  private receiveData({ run: id, sequence, payload }: Frame): void {
    const key = runKey(id);
    const end = this.ended.get(key);
    if (end === 'finished') {
      this.fail(id, { party: this.previousParty, reason: 'it sent a message of a run that is over' });
      return;
    }
    if (end !== undefined) {
      // It may have begun before it heard that the run has failed.
      this.next?.abort(id, ABORT_HOPS, abortPayload(end));
      return;
    }
    const run = this.runs.get(key) ?? this.await(id, key);
    const trouble = run.put(payload, sequence) ?? this.noteAwaited(key, payload.byteLength);
    if (trouble !== undefined) this.failRun(run, this.previousParty, trouble);
  }

  /** A run that is heard of before it begins here. */
  private await(id: RunId, key: string): Run {
    const { awaitedMilliseconds } = this.limits;
    const run = new Run(id, this);
    const expiry = setTimeout(() => {
      this.failRun(
        run,
        this.options.identity.party,
        `it did not begin the run within ${awaitedMilliseconds / 1_000} s`,
      );
    }, awaitedMilliseconds);
    this.runs.set(key, run);
    this.awaited.set(key, { expiry, bytes: 0 });
    return run;
  }

  /** @returns why no more is kept of a run that has not begun; undefined when it is, or has begun */
  private noteAwaited(key: string, bytes: number): string | undefined {
    const awaited = this.awaited.get(key);
    if (awaited === undefined) return undefined;
    awaited.bytes += bytes;
    this.awaitedBytes += bytes;
    const { mostAwaitedRuns, mostAwaitedBytes } = this.limits;
    if (this.awaited.size <= mostAwaitedRuns && this.awaitedBytes <= mostAwaitedBytes) return undefined;
    return (
      `it is ahead by more than ${mostAwaitedRuns} runs or ${mostAwaitedBytes} bytes that ` +
      `party ${this.options.identity.party} has not begun`
    );
  }

  private forgetAwaited(key: string): void {
    const awaited = this.awaited.get(key);
    if (awaited === undefined) return;
    clearTimeout(awaited.expiry);
    this.awaited.delete(key);
    this.awaitedBytes -= awaited.bytes;
  }

  /** Fails a run here, whether it is known or not, and has the news go round. */
  private fail(id: RunId, failure: RunFailure): void {
    this.note(id, failure);
    this.next?.abort(id, ABORT_HOPS, abortPayload(failure));
  }

  /** Fails a run here, unless it has failed before. */
  private note(id: RunId, failure: RunFailure): void {
    const key = runKey(id);
    const end = this.ended.get(key);
    if (end !== undefined && end !== 'finished') return;
    this.ended.note(key, failure);
    this.counters.failedRuns[failure.party] += 1;
    this.forgetAwaited(key);
    this.runs.get(key)?.fail(failure.party, failure.reason);
    this.runs.delete(key);
  }

  private failAll(failure: RunFailure): void {
    for (const run of [...this.runs.values()]) this.fail(run.id, failure);
  }

  private changed(link: LinkName, party: PartyIndex, away: string | undefined): void {
    const wasUp = this.isUp[link];
    this.isUp[link] = away === undefined;
    const { logger } = this.options;
    if (wasUp && away !== undefined) {
      const failed = this.runs.size;
      this.failAll({ party, reason: `the link was lost: ${away}` });
      if (!this.isClosed) logger.warn({ party, reason: away, failed }, 'link with another party lost');
    } else if (away === undefined) {
      logger.info({ party }, 'linked with another party');
    } else if (away !== this.lastTold[link] && !this.isClosed) {
      logger.warn({ party, reason: away }, 'not linked with another party');
    }
    this.lastTold[link] = away;
    for (const listener of this.listeners) listener();
  }
}

function abortPayload({ party, reason }: RunFailure): Buffer {
  return reasonPayload(reason, [party]);
}
