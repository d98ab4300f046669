/**
 * One service owns what lies in a schema.
 *
 * The owner holds a session's advisory lock, and writes over the very connection that holds it: what a service that has
 * lost the lock still sends goes nowhere. The server frees the lock with the connection, however the owner dies. When the
 * connection is lost, the owner connects and locks again; if what it owned was changed by another meanwhile, it stops
 * being the owner.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../errors/message.js';
import pRetry, { AbortError } from 'p-retry';
import type { Client } from 'pg';
import { MisconfiguredError, UnavailableError } from '../errors/errors.js';
import type { Logger } from '../log/logger.js';
import type { PostgresAddress } from './connection.js';
import { postgresFailure } from './failure.js';
import { checkLockHeld, PooledSessionError, refuseSharedSession } from './pooler.js';
import { connectClient, endSession, newSession, type Session } from './session.js';
import { SilenceWatch } from './silence.js';

/** A dead owner's connection is noticed by its server within this. */
const TAKEOVER_MILLISECONDS = 2_000;
const TAKEOVER_POLL_MILLISECONDS = 50;
const FIRST_RETRY_MILLISECONDS = 100;
const LONGEST_RETRY_MILLISECONDS = 5_000;

/** Longer than any statement may take: a server that is silent for so long is not there. */
const SILENCE_MILLISECONDS = 75_000;

/** What is owned. */
export interface Owned {
  readonly address: PostgresAddress;
  /** The schema whose owner this is. */
  readonly schema: string;
  /**
   * Runs on every new connection once it holds the lock: sets it up, and checks that what is owned is as it was left.
   * @throws OwnershipLostError when it is not
   */
  readonly begin: (client: Client) => Promise<void>;
  readonly logger: Logger;
}

/** What was owned has been changed by another. Only a restart helps. */
export class OwnershipLostError extends MisconfiguredError {}

/** The owner of a schema. */
export class PostgresOwner {
  private session: Session | undefined;
  private reason = 'not connected yet';
  private readonly closing = new AbortController();
  private readonly listeners: (() => void)[] = [];
  private reconnecting: Promise<void> | undefined;

  private constructor(private readonly owned: Owned) {}

  /** @throws MisconfiguredError when another service owns it; UnavailableError when the server is away */
  static async take(owned: Owned): Promise<PostgresOwner> {
    const owner = new PostgresOwner(owned);
    await owner.connect();
    return owner;
  }

  /** Why nothing can be written at present; undefined while it can. */
  get away(): string | undefined {
    return this.session === undefined ? this.reason : undefined;
  }

  /** Calls the listener whenever the connection was lost or is there again. */
  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  /**
   * Works on the connection that holds the lock. One piece of work at a time: the caller sees to it.
   * @throws UnavailableError when the connection is away or gets lost; OwnershipLostError when the work finds that another
   * has changed what is owned: then nothing is written any more
   */
  async run<Result>(work: (client: Client) => Promise<Result>): Promise<Result> {
    const { session } = this;
    if (session === undefined) throw new UnavailableError(this.reason);
    const silence = new SilenceWatch(session.socket, SILENCE_MILLISECONDS);
    try {
      return await work(session.client);
    } catch (error) {
      if (error instanceof OwnershipLostError) await this.resign(session, error);
      throw postgresFailure(error, this.owned.address.name);
    } finally {
      silence.stop();
    }
  }

  /** Resolves once connected again. @throws UnavailableError or OwnershipLostError when that will not be */
  async back(): Promise<void> {
    await this.reconnecting;
    if (this.session === undefined) throw new UnavailableError(this.reason);
  }

  /** Frees the lock, and waits for no server that is silent. */
  async close(): Promise<void> {
    this.closing.abort();
    const { session } = this;
    this.session = undefined;
    this.reason = 'the store is closed';
    if (session !== undefined) await endSession(session);
    await this.reconnecting;
  }

  private async connect(): Promise<void> {
    const { address, begin } = this.owned;
    const session = newSession(address.config);
    const { client, socket } = session;
    client.on('error', (error) => {
      this.lost(client, error);
    });
    client.on('end', () => {
      this.lost(client, new Error('connection terminated'));
    });
    const stop = () => socket.destroy();
    this.closing.signal.addEventListener('abort', stop);
    const silence = new SilenceWatch(socket, SILENCE_MILLISECONDS);
    try {
      await connectClient(client);
      await refuseSharedSession(client, address);
      await this.lock(client);
      await begin(client);
    } catch (error) {
      await endSession(session);
      throw postgresFailure(error, address.name);
    } finally {
      silence.stop();
      this.closing.signal.removeEventListener('abort', stop);
    }
    if (this.closing.signal.aborted) await endSession(session);
    else this.session = session;
  }

  private async lock(client: Client): Promise<void> {
    const { address, schema } = this.owned;
    const key = `irispair owner of ${schema}`;
    const end = Date.now() + TAKEOVER_MILLISECONDS;
    do {
      const { rows } = await client.query<{ locked: boolean }>(
        'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS locked',
        [key],
      );
      if (rows[0].locked) return checkLockHeld(client, key, address);
      await sleep(TAKEOVER_POLL_MILLISECONDS);
    } while (Date.now() < end);
    throw new MisconfiguredError(
      `the store in ${address.name} (schema ${schema}) is in use by another service: stop it, or choose another database`,
    );
  }

  private lost(client: Client, error: Error): void {
    if (this.session?.client !== client) return;
    this.session = undefined;
    this.reason = postgresFailure(error, this.owned.address.name).message;
    this.owned.logger.warn({ reason: this.reason }, 'the connection to PostgreSQL is lost: connecting again');
    this.reconnecting = this.reconnect().finally(() => {
      this.reconnecting = undefined;
    });
    this.tell();
  }

  private async reconnect(): Promise<void> {
    const { signal } = this.closing;
    try {
      await pRetry(() => this.connectOrGiveUp(), {
        retries: Number.POSITIVE_INFINITY,
        minTimeout: FIRST_RETRY_MILLISECONDS,
        maxTimeout: LONGEST_RETRY_MILLISECONDS,
        randomize: true,
        signal,
      });
    } catch (error) {
      if (!signal.aborted) this.giveUp(error);
      return;
    }
    this.owned.logger.info('connected to PostgreSQL again');
    this.tell();
  }

  private async connectOrGiveUp(): Promise<void> {
    try {
      await this.connect();
    } catch (error) {
      if (isFinal(error)) throw new AbortError(error as Error);
      const failure = error instanceof Error ? error : new Error(String(error));
      this.reason = failure.message;
      this.owned.logger.debug({ reason: failure.message }, 'not connected to PostgreSQL yet');
      throw failure;
    }
  }

  /** Another was found to have changed what is owned, over the very connection that holds the lock. */
  private async resign(session: Session, error: OwnershipLostError): Promise<void> {
    if (this.session !== session) return;
    this.session = undefined;
    this.giveUp(error);
    await endSession(session);
  }

  private giveUp(error: unknown): void {
    this.reason = messageOf(error);
    this.owned.logger.error({ err: error }, 'no longer the owner of the store: restart this service');
    this.tell();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}

/** Whether connecting again does not help. */
function isFinal(error: unknown): boolean {
  return error instanceof OwnershipLostError || error instanceof PooledSessionError;
}
