/**
 * Keeps this service joined to its iris service: joins, brings the graph up to date, and does so again whenever the
 * session is lost. A session whose heartbeats fail to come is given up, with all connections.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@irispair/common/errors/message';
import { MisconfiguredError, UnavailableError } from '@irispair/common/errors/errors';
import type { Logger } from '@irispair/common/log/logger';
import type { SessionResponse } from '@irispair/proto/compute';
import type { IrisPoint } from '../store/graph-store.js';
import { HeartbeatWatch, LOST, OVERDUE } from './heartbeat-watch.js';
import type { IrisClient } from './iris-client.js';

const RETRY_MILLISECONDS = 200;
const REFUSED_MILLISECONDS = 5_000;

/** Told when the iris service comes and goes. */
export interface LinkObserver {
  /**
   * Joined; the link counts as ready once this resolves.
   * @param columns of every code, as the iris service says it
   */
  joined(session: number, irises: IrisPoint, columns: number): Promise<void>;
  ready(): void;
  lost(): void;
  /** Why there is no session yet, or none any longer. Joining is tried on. */
  away(reason: string): void;
  /** Why calls may not pass at present, while there is a session; empty when a heartbeat has come. */
  silent(reason: string): void;
  /** Nothing passes, and the session is given up: what is asked on connections of others is to fail. */
  cut(reason: string): void;
  /** Why the iris service takes no changes at present; empty while it does. */
  storeAway(reason: string): void;
  /** Secret-shared mode: why the iris service reaches another party's not; empty while it reaches both. */
  partyAway(reason: string): void;
}

/** Why there is no session. */
interface Absence {
  readonly reason: string;
  /** What went wrong here. */
  readonly err?: unknown;
  /** Only an operator can help. */
  readonly isRefused?: boolean;
}

/** What a caller is told while there is no session; the status says why. */
export function irisAway(): UnavailableError {
  return new UnavailableError('the iris service is away or still loading: try again; `Status` says why');
}

/** A session that is renewed. */
export class IrisLink {
  private session: number | undefined;
  private cancel: () => void = () => undefined;
  /** Why this service ended the session, or did not begin it. */
  private givenUp: Absence | undefined;
  /** The last reason that was told: a repeated one is not told again. */
  private told = '';
  private readonly closing = new AbortController();
  private readonly running: Promise<void>;

  constructor(
    private readonly client: IrisClient,
    private readonly observer: LinkObserver,
    private readonly logger: Logger,
  ) {
    this.running = this.run();
  }

  /** The current session. @throws UnavailableError while there is none */
  get sessionId(): number {
    if (this.session === undefined) {
      throw irisAway();
    }
    return this.session;
  }

  /** Gives the session up and joins again: what is known here may not be what is stored. */
  renew(): void {
    this.session = undefined;
    this.observer.lost();
    this.giveUp({ reason: 'the graph has to catch up with the iris service' });
  }

  /** Ends the session and stops renewing. */
  async close(): Promise<void> {
    this.closing.abort();
    this.cancel();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.isClosed()) {
      const absence = await this.live();
      if (this.session !== undefined) {
        this.session = undefined;
        this.observer.lost();
      }
      if (!this.isClosed()) {
        this.tell(absence);
        await this.waits(absence);
      }
    }
  }

  private async waits({ isRefused }: Absence): Promise<void> {
    const milliseconds = isRefused === true ? REFUSED_MILLISECONDS : RETRY_MILLISECONDS;
    await sleep(milliseconds, undefined, { signal: this.closing.signal }).catch(() => undefined);
  }

  /** A method, because closing happens while others wait. */
  private isClosed(): boolean {
    return this.closing.signal.aborted;
  }

  /** Lives one session, from its first answer to its end; resolves to why there is none any longer. */
  private async live(): Promise<Absence> {
    this.givenUp = undefined;
    const call = this.client.session();
    this.cancel = () => {
      call.cancel();
    };
    const watch = new HeartbeatWatch({
      overdue: () => {
        this.observer.silent(OVERDUE);
      },
      lost: () => {
        this.cut(LOST);
      },
    });
    let prepared: Promise<void> | undefined;
    let absence: Absence = { reason: 'the iris service ended the session' };
    try {
      for await (const response of call as AsyncIterable<SessionResponse>) {
        watch.heard();
        this.observer.silent('');
        const { sessionId, storeAway, partyAway, storeId, commitCount, columns } = response;
        this.observer.storeAway(storeAway);
        this.observer.partyAway(partyAway ?? '');
        prepared ??= this.prepare(sessionId, { storeId, commitCount }, columns);
      }
    } catch (error) {
      absence = { reason: await this.client.reasonAway(error) };
    } finally {
      watch.stop();
    }
    await prepared;
    return this.whyGivenUp() ?? absence;
  }

  private async prepare(sessionId: number, irises: IrisPoint, columns: number): Promise<void> {
    try {
      await this.observer.joined(sessionId, irises, columns);
      this.session = sessionId;
      this.told = '';
      this.observer.ready();
      this.logger.info({ session: sessionId }, 'joined the iris service');
    } catch (error) {
      if (error instanceof MisconfiguredError) this.giveUp({ reason: error.message, isRefused: true });
      else
        this.giveUp({ reason: `could not catch up with the iris service: ${messageOf(error)}`, err: error });
    }
  }

  /** A method, because giving up happens while others wait. */
  private whyGivenUp(): Absence | undefined {
    return this.givenUp;
  }

  private giveUp(absence: Absence): void {
    this.givenUp = absence;
    this.cancel();
  }

  private cut(reason: string): void {
    this.giveUp({ reason });
    this.client.reconnect(reason);
    this.observer.cut(reason);
  }

  private tell(absence: Absence): void {
    this.observer.away(absence.reason);
    if (absence.reason === this.told) return;
    this.told = absence.reason;
    this.logger.warn(absence, 'not joined to the iris service: trying on');
  }
}
