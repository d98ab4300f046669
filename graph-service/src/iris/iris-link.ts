/**
 * Keeps this service joined to its iris service: joins, brings the graph up to date, and does so again whenever the
 * session is lost.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { UnavailableError } from '@irispair/common/errors/errors';
import type { Logger } from '@irispair/common/log/logger';
import type { SessionResponse } from '@irispair/proto/compute';
import type { IrisClient } from './iris-client.js';

const RETRY_MILLISECONDS = 200;

/** Told when the iris service comes and goes. */
export interface LinkObserver {
  /** Joined; the link counts as ready once this resolves. */
  joined(): Promise<void>;
  ready(): void;
  lost(): void;
  /** Why the iris service takes no changes at present; empty while it does. */
  storeAway(reason: string): void;
}

/** A session that is renewed. */
export class IrisLink {
  private session: number | undefined;
  private cancel: () => void = () => undefined;
  private closed = false;
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
      throw new UnavailableError('the iris service is away or still loading: try again');
    }
    return this.session;
  }

  /** Gives the session up and joins again: what is known here may not be what is stored. */
  renew(): void {
    this.session = undefined;
    this.observer.lost();
    this.cancel();
  }

  /** Ends the session and stops renewing. */
  async close(): Promise<void> {
    this.closed = true;
    this.cancel();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.isClosed()) {
      try {
        await this.live();
      } catch (error) {
        if (!this.isClosed()) this.logger.warn({ err: error }, 'not joined to the iris service');
      }
      if (this.session !== undefined) {
        this.session = undefined;
        this.observer.lost();
      }
      if (!this.isClosed()) await sleep(RETRY_MILLISECONDS);
    }
  }

  /** A method, because closing happens while others wait. */
  private isClosed(): boolean {
    return this.closed;
  }

  /** Lives one session from its first answer to its end. */
  private async live(): Promise<void> {
    const call = this.client.session();
    this.cancel = () => {
      call.cancel();
    };
    let prepared: Promise<void> | undefined;
    for await (const { sessionId, storeAway } of call as AsyncIterable<SessionResponse>) {
      this.observer.storeAway(storeAway);
      prepared ??= this.prepare(sessionId, this.cancel);
    }
    await prepared;
  }

  private async prepare(sessionId: number, giveUp: () => void): Promise<void> {
    try {
      await this.observer.joined();
      this.session = sessionId;
      this.observer.ready();
      this.logger.info({ session: sessionId }, 'joined the iris service');
    } catch (error) {
      this.logger.warn({ err: error }, 'could not catch up with the iris service');
      giveUp();
    }
  }
}
