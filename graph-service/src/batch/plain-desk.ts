/** The desk of plain mode: this pair decides alone. */
import type { Turns } from '@irispair/common/process/turns';
import type { GraphIndex } from '../index/graph-index.js';
import type { IrisLink } from '../iris/iris-link.js';
import type { Registry } from '../iris/registry.js';
import type { Readiness } from '../readiness.js';
import type { CatchUpProgress } from '../telemetry/catch-up-progress.js';
import { Batcher, type BatcherLimits, type DecideBatch, type NoteTurned } from './batcher.js';
import type { Desk } from './desk.js';
import type { Answer, Ask, Patience } from './request.js';

/** What the desk works with. */
export interface PlainDeskParts {
  readonly limits: BatcherLimits;
  readonly decide: DecideBatch;
  readonly noteTurned: NoteTurned;
  readonly index: GraphIndex;
  readonly registry: Registry;
  readonly progress: CatchUpProgress;
  readonly readiness: Readiness;
  readonly link: () => IrisLink;
  /** Deciding and catching up both write the graph: never at once. */
  readonly turns: Turns;
}

/** Batches, one after the other. */
export class PlainDesk implements Desk {
  private readonly batcher: Batcher;

  constructor(private readonly parts: PlainDeskParts) {
    this.batcher = new Batcher(
      parts.limits,
      (batch) => parts.turns.take(() => parts.decide(batch)),
      parts.noteTurned,
    );
  }

  submit(ask: Ask, patience: Patience): Promise<Answer> {
    return this.batcher.submit(ask, patience);
  }

  get waiting(): number {
    return this.batcher.waiting;
  }

  get expectedMilliseconds(): number {
    return this.batcher.expectedMilliseconds;
  }

  greet(): Promise<void> {
    return Promise.resolve();
  }

  async catchUp(): Promise<void> {
    const { index, registry, progress } = this.parts;
    await index.catchUp(registry.all(), (done, all) => {
      progress.reach(done, all);
    });
  }

  joined(): void {
    this.parts.readiness.serve();
  }

  lost(): void {
    this.parts.readiness.serveNot('the iris service is away');
  }

  partyAway(): void {
    // There are no others.
  }

  fellBehind(): void {
    this.parts.link().renew();
  }

  dismiss(error: Error): void {
    this.batcher.dismiss(error);
  }

  drained(): Promise<void> {
    return this.batcher.drained();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
