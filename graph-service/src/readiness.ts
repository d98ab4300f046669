/**
 * Whether the graph service serves, and why not: told by gRPC's health, `/readyz`, the public status, and in calls that
 * are refused.
 */
import type { HealthImplementation } from 'grpc-health-check';
import type { Logger } from '@irispair/common/log/logger';
import type { Monitoring } from '@irispair/common/telemetry/monitoring';
import { UnavailableError } from '@irispair/common/errors/errors';
import { irisAway } from './iris/iris-link.js';

/** A service that is started again at once is back after about this long. */
const RETRY_MILLISECONDS = 2_000;

/** Whose health is told: the server, and each service that it has. */
export const SERVICES = ['', 'irispair.v1.IrisPair', 'irispair.v1.IrisPairAdmin'] as const;

/** What callers hear while the service stops. */
export function stopping(): UnavailableError {
  return new UnavailableError(
    'the graph service is stopping: nothing was done for this request, send it again when it is back',
    { retryMilliseconds: RETRY_MILLISECONDS },
  );
}

/** What is known of both services' state; not ready at first. */
export class Readiness {
  private ready = false;
  /** Undefined while it is ready, but for a silent iris service. */
  private notReady: string | undefined;
  private awayBecause = '';
  private silentBecause = '';
  private refusedBecause = '';
  private refusal = irisAway;

  constructor(
    private readonly health: HealthImplementation,
    private readonly monitoring: Monitoring,
    private readonly logger: Logger,
  ) {}

  get isReady(): boolean {
    return this.ready && this.silentBecause === '';
  }

  /** Why the iris service is not joined, or not caught up with, or the parties do not agree; empty when all is well. */
  get irisAway(): string {
    return this.awayBecause === '' ? this.silentBecause : this.awayBecause;
  }

  /** Why enrolments are refused; empty when they are taken. */
  get storeAway(): string {
    return this.refusedBecause;
  }

  /** @throws UnavailableError when it does not serve */
  check(): void {
    if (!this.ready) throw this.refusal();
    if (!this.isReady) throw irisAway();
  }

  /** It stops, and will not serve again. */
  stop(): void {
    this.refusal = stopping;
    this.set('stopping');
  }

  serve(): void {
    this.awayBecause = '';
    this.set(undefined);
  }

  /** @param why what it waits for */
  serveNot(why: string): void {
    this.set(why);
  }

  /** Secret-shared mode: why the three parties take no requests. */
  noteApart(reason: string): void {
    this.awayBecause = reason;
    this.refusal = () => new UnavailableError(`the three parties take no requests at present: ${reason}`);
    this.set(reason);
  }

  /** Why the iris service is away, as long as it is. */
  noteIrisAway(reason: string): void {
    this.awayBecause = reason;
    this.refusal = irisAway;
    if (reason === '') return;
    this.notReady = reason;
    this.tell();
  }

  /** Why calls to the iris service may not pass, as long as its heartbeat is overdue; empty once it has come. */
  noteSilence(reason: string): void {
    if (reason === this.silentBecause) return;
    this.silentBecause = reason;
    this.logger.warn({ reason }, reason === '' ? 'the iris service is heard again' : 'not ready');
    this.tell();
  }

  noteStoreAway(reason: string): void {
    if (reason !== this.refusedBecause)
      this.logger.warn({ reason }, reason === '' ? 'enrolments are taken again' : 'enrolments are refused');
    this.refusedBecause = reason;
  }

  private set(notReady: string | undefined): void {
    this.ready = notReady === undefined;
    this.notReady = notReady;
    this.tell();
  }

  private tell(): void {
    const silent = this.silentBecause === '' ? undefined : this.silentBecause;
    this.monitoring.notReady = this.notReady ?? silent;
    for (const name of SERVICES) this.health.setStatus(name, this.isReady ? 'SERVING' : 'NOT_SERVING');
  }
}
