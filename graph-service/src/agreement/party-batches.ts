/**
 * What this party does of an agreed batch; the same at all three.
 *
 * 1. Decide it, with names for all runs; prepare what it changes, durably; say what would be stored and answered.
 * 2. When all three would do the same, store what is prepared and link it.
 * 3. When all three hold the same afterwards, answer it.
 * A batch of the catching up is linked and compared only. What a term leaves prepared is settled before the next one begins.
 */
import { messageOf } from '@irispair/common/errors/message';
import {
  ConflictError,
  ExhaustedError,
  StoreAwayError,
  UnavailableError,
} from '@irispair/common/errors/errors';
import {
  batchNameBytes,
  nameBatch,
  numberOfBatch,
  type BatchName,
} from '@irispair/common/parties/batch-name';
import type { Logger } from '@irispair/common/log/logger';
import type { Turns } from '@irispair/common/process/turns';
import type { PartyIndex } from '@irispair/common/parties/party';
import { SpanKind } from '@irispair/common/traces/span';
import type { SpanGroup } from '@irispair/common/traces/span-group';
import { Refusal, type BatchTerms, type Outcome as RequestOutcome } from '../batch/decide-batch.js';
import type { Pending } from '../batch/request.js';
import { CATCH_UP_BATCH, type GraphIndex } from '../index/graph-index.js';
import type { IrisClient, Journal } from '../iris/iris-client.js';
import type { IrisLink } from '../iris/iris-link.js';
import type { RegisteredIris } from '../iris/registered-iris.js';
import type { Registry } from '../iris/registry.js';
import type { Outcome, Settle, Standing } from '@irispair/proto/agreement';
import type { Readiness } from '../readiness.js';
import type { AgreementMetrics } from '../telemetry/agreement-metrics.js';
import type { CatchUpProgress } from '../telemetry/catch-up-progress.js';
import type { Checksum } from './checksum.js';
import { HeldAnswers } from './held-answers.js';
import { BatchRunNames } from './run-names.js';
import { readSettlement } from './settlement.js';
import { AGREEMENT_VERSION } from './wire.js';

/** The other two parties, while a batch is in work. Both throw UnavailableError when the parties do not go on with it. */
export interface Council {
  /** This party would do so. Resolves when all three would do the same. */
  decided(outcome: Outcome, changes: boolean): Promise<void>;
  /** This party holds so much now. Resolves when all three hold the same. */
  stored(outcome: Outcome): Promise<void>;
}

/** A batch of a term: what it and its runs are named by. */
export interface TermBatch {
  readonly number: number;
  /** Of the term. */
  readonly nonce: Uint8Array;
}

/** What batches are done with. */
export interface PartyBatchesParts {
  readonly party: PartyIndex;
  readonly settings: string;
  readonly sums: { readonly registry: Checksum; readonly graph: Checksum };
  readonly index: GraphIndex;
  readonly registry: Registry;
  readonly progress: CatchUpProgress;
  readonly readiness: Readiness;
  readonly metrics: AgreementMetrics;
  readonly logger: Logger;
  readonly turns: Turns;
  readonly client: IrisClient;
  readonly link: () => IrisLink;
  readonly decide: (batch: readonly Pending[], terms: BatchTerms) => Promise<void>;
}

/** Does batches, one after the other. */
export class PartyBatches {
  private lastBatch = 0;
  private behindBecause: string | undefined;

  constructor(private readonly parts: PartyBatchesParts) {}

  /** The highest number of a batch that was begun. */
  get last(): number {
    return this.lastBatch;
  }

  /** What must be set alike at all parties. */
  get settings(): string {
    const { settings, index } = this.parts;
    return `${settings}, rows of ${index.rowLimit} neighbours`;
  }

  /** What this party is and holds, once what is in work has ended. @throws UnavailableError when the iris service does not say */
  standing(): Promise<Standing> {
    const { party, sums, registry, turns } = this.parts;
    return turns.take(async () => {
      const { applied, prepared } = await this.journal();
      const numbers = [applied, prepared].map((batch) => (batch === undefined ? 0 : numberOfBatch(batch)));
      return {
        version: AGREEMENT_VERSION,
        party,
        settings: this.settings,
        registryChecksum: sums.registry.read(),
        graphChecksum: sums.graph.read(),
        enrolled: registry.live,
        highestSerialId: registry.highest,
        lastBatch: Math.max(this.lastBatch, ...numbers),
        appliedBatch: nameOrNothing(applied),
        preparedBatch: nameOrNothing(prepared),
      };
    });
  }

  private async journal(): Promise<Journal> {
    const { client, link } = this.parts;
    try {
      return await client.takeJournal(link().sessionId);
    } catch (error) {
      throw asUnavailable(error);
    }
  }

  /**
   * Has the iris service apply or drop what an earlier term left prepared; the registry follows.
   * @throws UnavailableError when it does not
   */
  settle(settle: Settle): Promise<void> {
    const { link, turns, metrics, logger } = this.parts;
    return turns.take(async () => {
      const { batch, isApplied } = readSettlement(settle);
      try {
        await (isApplied ? this.applyPrepared(batch) : this.dropPrepared(batch));
        metrics.settled(isApplied ? 'applied' : 'dropped');
        logger.warn(
          { batch: numberOfBatch(batch) },
          isApplied
            ? 'applied a batch that another party had applied when an earlier term ended'
            : 'dropped a batch that no party had applied when an earlier term ended',
        );
      } catch (error) {
        // Unless it was refused whole, nobody knows what the registry is now.
        if (!isRefusedWhole(error)) link().renew();
        throw asUnavailable(error);
      }
    });
  }

  private async applyPrepared(batch: BatchName): Promise<void> {
    const { client, link, registry } = this.parts;
    await client.commitPrepared(link().sessionId, batch, undefined);
    registry.reset(await client.registry());
  }

  private async dropPrepared(batch: BatchName): Promise<void> {
    const { client, link } = this.parts;
    await client.dropPrepared(link().sessionId, batch);
  }

  /** Resolves when what is in work has ended. */
  idle(): Promise<void> {
    return this.parts.turns.take(() => Promise.resolve());
  }

  /** A term is over: resolves when what is in work has ended, without waiting for the other parties. */
  async abandon(reason: string): Promise<void> {
    const { index, turns } = this.parts;
    index.suspend(reason);
    await turns.take(() => Promise.resolve());
    index.resume();
  }

  /** The graph does not follow what was stored. */
  noteBehind(): void {
    this.behindBecause = 'the graph could not follow what was stored: it is caught up';
  }

  /** Decides requests and settles them. Rejects with why the parties did not go on with it, after all were told. */
  decide(batch: TermBatch, pendings: readonly Pending[], council: Council): Promise<void> {
    return this.during(batch, async () => {
      const held = new HeldAnswers(pendings);
      try {
        await this.decideHeld(batch, held, council);
        held.release();
      } catch (error) {
        const reason = error instanceof UnavailableError ? error : new UnavailableError(String(error));
        held.fail(reason);
        throw reason;
      }
    });
  }

  private async decideHeld(batch: TermBatch, held: HeldAnswers, council: Council): Promise<void> {
    let consented: readonly RequestOutcome[] | undefined;
    let refusal: Error | undefined;
    await this.parts.decide(held.batch, {
      runs: new BatchRunNames(batch.number, batch.nonce),
      refusal: Refusal.Together,
      // Clocks differ: what one party gave up, the others would go on with.
      lost: () => undefined,
      consent: async (outcomes, traces) => {
        try {
          const failure = held.failure ?? this.unsaved() ?? (await this.prepare(batch, outcomes, traces));
          await council.decided(
            this.outcome(batch, held.digest(outcomes), failure),
            outcomes.some(isChanging),
          );
          consented = outcomes;
        } catch (error) {
          refusal = error instanceof Error ? error : new Error(String(error));
          throw error;
        }
      },
      store: (_, trace, client) => client.commitPrepared(this.parts.link().sessionId, nameOf(batch), trace),
    });
    if (refusal !== undefined) throw refusal;
    if (consented === undefined) {
      // It failed before it was decided: the others are told, and do not go on with it either.
      await council.decided(this.outcome(batch, EMPTY, held.failure ?? 'it was not decided'), false);
      throw new UnavailableError('a batch that failed was settled');
    }
    if (!consented.some(isChanging)) return;
    await this.parts.index.saveWhatIsLeft();
    const failure = held.failure ?? this.behindBecause ?? this.unsaved();
    await council.stored(this.outcome(batch, held.digest([]), failure));
  }

  /** Has the iris service write down what would be stored. @returns why it did not */
  private async prepare(
    batch: TermBatch,
    outcomes: readonly RequestOutcome[],
    traces: SpanGroup,
  ): Promise<string | undefined> {
    const changes = outcomes.flatMap(({ change }) => change ?? []);
    if (changes.length === 0) return undefined;
    const { client, link } = this.parts;
    try {
      await traces.watch('prepare changes', SpanKind.Client, ({ context }) =>
        client.prepareChanges(link().sessionId, nameOf(batch), changes, context),
      );
      return undefined;
    } catch (error) {
      return messageOf(error);
    }
  }

  /** What the graph lacks, in the order in which it is caught up. */
  behind(): RegisteredIris[] {
    const { index, registry } = this.parts;
    return index.behind(registry.all());
  }

  /** Begins catching up: what is no longer stored as the graph knows it is no longer met. */
  beginCatchUp(): Promise<void> {
    const { index, turns, progress } = this.parts;
    return turns.take(() => {
      progress.begin();
      index.withdrawStale(this.behind());
      return Promise.resolve();
    });
  }

  /** Brings irises into the graph. Rejects when it failed, here or elsewhere. */
  catchUp(
    batch: TermBatch & { readonly done: number; readonly all: number },
    irises: readonly RegisteredIris[],
    council: Council,
  ): Promise<void> {
    const { index, progress, readiness } = this.parts;
    return this.during(batch, async () => {
      let failure = this.whyNotBehind(irises);
      try {
        if (failure === undefined) await index.bring(irises, new BatchRunNames(batch.number, batch.nonce));
      } catch (error) {
        failure = messageOf(error);
      }
      await index.saveWhatIsLeft();
      await council.stored(this.outcome(batch, EMPTY, failure ?? this.unsaved()));
      progress.reach(batch.done, batch.all);
      readiness.noteApart(catchingUp(batch.done, batch.all));
    });
  }

  private whyNotBehind(irises: readonly RegisteredIris[]): string | undefined {
    const { index } = this.parts;
    if (irises.length > CATCH_UP_BATCH) return `${irises.length} irises in a batch of the catching up`;
    for (const iris of irises) {
      const known = this.parts.registry.entry(iris.id.serialId);
      const isKnown = known?.id.version === iris.id.version && known.deleted === iris.deleted;
      if (!isKnown || index.behind([iris]).length === 0)
        return `serial id ${iris.id.serialId} is not to be caught up here`;
    }
    return undefined;
  }

  private async during(batch: TermBatch, work: () => Promise<void>): Promise<void> {
    const { turns, metrics } = this.parts;
    await turns.take(async () => {
      this.lastBatch = Math.max(this.lastBatch, batch.number);
      this.behindBecause = undefined;
      try {
        await work();
        metrics.ended('settled');
      } catch (error) {
        metrics.ended('failed');
        throw error;
      }
    });
  }

  private unsaved(): string | undefined {
    return this.parts.index.isUnsaved ? 'the graph store does not store at present' : undefined;
  }

  private outcome({ number }: TermBatch, answers: Buffer, failure: string | undefined): Outcome {
    const { sums } = this.parts;
    return {
      batch: number,
      answers,
      registryChecksum: sums.registry.read(),
      graphChecksum: sums.graph.read(),
      failure: failure ?? '',
    };
  }
}

const EMPTY = Buffer.alloc(0);

function nameOf({ number, nonce }: TermBatch): BatchName {
  return nameBatch(number, nonce);
}

function nameOrNothing(batch: BatchName | undefined): Buffer {
  return batch === undefined ? EMPTY : batchNameBytes(batch);
}

function isRefusedWhole(error: unknown): boolean {
  return error instanceof ExhaustedError || error instanceof StoreAwayError || error instanceof ConflictError;
}

/** Whatever the iris service says: the term is over, and the next one may begin. */
function asUnavailable(error: unknown): UnavailableError {
  return error instanceof UnavailableError ? error : new UnavailableError(messageOf(error));
}

/** Why no requests are taken while the graphs are caught up. */
function catchingUp(done: number, all: number): string {
  return `the graphs of the three parties are catching up: ${done} of ${all} irises`;
}

function isChanging({ change }: RequestOutcome): boolean {
  return change !== undefined;
}
