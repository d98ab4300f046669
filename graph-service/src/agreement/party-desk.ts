/**
 * What the desks of leader and followers have in common: whether the own iris service is there and reaches the others', and
 * who is told why no requests are taken.
 */
import { AlreadyExistsError, UnavailableError } from '@irispair/common/errors/errors';
import type { Desk } from '../batch/desk.js';
import type { Answer, Ask, Patience } from '../batch/request.js';
import type { AgreementParts } from './agreement-parts.js';
import type { Term } from './term.js';

/** A party's desk. */
export abstract class PartyDesk implements Desk {
  /** Why no requests are taken, as it was told last; empty while they are. */
  protected told = '';
  /** Called when something came that {@link run} may wait for. */
  protected changed: () => void = () => undefined;
  private isIrisJoined = false;
  private apartBecause = '';

  protected constructor(protected readonly parts: AgreementParts) {}

  abstract readonly waiting: number;
  abstract readonly expectedMilliseconds: number;
  abstract submit(ask: Ask, patience: Patience): Promise<Answer>;
  abstract drained(): Promise<void>;
  abstract close(): Promise<void>;

  /** One party alone may not refuse: whoever waits is told when the term ends. */
  dismiss(): void {
    // Nothing to do.
  }

  /** The term that this party takes part in. */
  protected abstract get presentTerm(): Term | undefined;

  /** What an earlier session sent is done, or will not be: from now on the registry changes by this one alone. */
  async greet(session: number): Promise<void> {
    await this.parts.client.takeJournal(session);
  }

  /** Catching up is agreed on. */
  catchUp(): Promise<void> {
    return Promise.resolve();
  }

  joined(): void {
    this.isIrisJoined = true;
    this.changed();
  }

  lost(): void {
    this.isIrisJoined = false;
    this.parts.readiness.serveNot('the iris service is away');
    this.presentTerm?.end(new UnavailableError(this.unready));
  }

  partyAway(reason: string): void {
    if (reason === this.apartBecause) return;
    this.apartBecause = reason;
    if (reason === '') this.changed();
    else this.presentTerm?.end(new UnavailableError(this.unready));
  }

  fellBehind(): void {
    this.parts.batches.noteBehind();
    this.parts.link().renew();
  }

  /** Whether the own iris service is there and reaches the others'. */
  protected get isReady(): boolean {
    return this.isIrisJoined && this.apartBecause === '';
  }

  /** Why it is not ready. */
  protected get unready(): string {
    const whose = `the iris service of party ${this.parts.identity.party}`;
    return this.isIrisJoined ? `${whose}: ${this.apartBecause}` : `${whose} is away`;
  }

  protected tell(reason: string): void {
    const { readiness, logger } = this.parts;
    if (this.isIrisJoined) readiness.noteApart(reason);
    if (reason !== this.told) logger.warn({ reason }, 'the three parties take no requests');
    this.told = reason;
  }

  /** As {@link tell}, but not a word while the iris service is away. */
  protected tellWhenJoined(reason: string): void {
    if (this.isIrisJoined) this.tell(reason);
  }

  /** From now on requests are taken. */
  protected tellServing(): void {
    const { metrics, readiness, logger } = this.parts;
    metrics.serving = true;
    this.told = '';
    readiness.serve();
    logger.info('all three parties are equal: serving');
  }
}

/** The request is in work already. */
export function inWork(requestId: string): AlreadyExistsError {
  return new AlreadyExistsError(
    `request_id: ${JSON.stringify(requestId)} is in work already: choose another, or wait until it is answered`,
  );
}
