/**
 * Secret-shared mode: changes in two steps, so that three parties change alike or not at all.
 *
 * 1. Prepare: check the changes of a batch, reserve their slots, write them into the store's journal, durably.
 * 2. Commit: apply what is prepared and strike it from the journal, in one transaction, then publish it. Or drop it.
 *
 * Only the session that took the journal last has a say: what another sent before it went away, and is read late, changes
 * nothing any more.
 */
import { ConflictError } from '@irispair/common/errors/errors';
import type { VectorId } from '@irispair/common/ids/vector-id';
import type { BatchName } from '@irispair/common/parties/batch-name';
import { SpanKind } from '@irispair/common/traces/span';
import type { SpanGroup } from '@irispair/common/traces/span-group';
import { notPrepared, type BatchJournal, type JournalState, type StoreChange } from '../store/iris-store.js';
import type { Gallery, WantedChange } from './gallery.js';

/** A prepared batch whose slots are reserved. */
interface Reserved {
  readonly batch: BatchName;
  readonly changes: readonly StoreChange[];
}

/** The batches of one party. */
export class AgreedBatches {
  private session: number | undefined;
  private reserved: Reserved | undefined;

  constructor(
    private readonly gallery: Gallery,
    private readonly journal: BatchJournal,
  ) {}

  /** What the journal says, once all that was asked for before has ended. From now on this session has the say. */
  async take(session: number): Promise<JournalState> {
    this.session = session;
    await this.gallery.settled();
    return this.journal.state;
  }

  /** @throws ConflictError while another batch is prepared, or for want of a say; else as `Gallery.commit` */
  async prepare(
    session: number,
    batch: BatchName,
    wanted: readonly WantedChange[],
    traces: SpanGroup,
  ): Promise<void> {
    this.check(session);
    await this.gallery.inTurn(async () => {
      if (this.journal.state.prepared === undefined) this.letGo();
      const changes = this.gallery.plan(wanted);
      await this.gallery.reserve(changes);
      try {
        await traces.watch('journal', SpanKind.Internal, () => this.journal.prepare(batch, changes), {
          'irispair.store.changes': changes.length,
        });
      } catch (error) {
        this.gallery.unreserve(changes);
        throw error;
      }
      this.reserved = { batch, changes };
    });
  }

  /** Resolves to the new ids. @throws ConflictError when it is not prepared, or for want of a say; else as `Gallery.commit` */
  async commit(session: number, batch: BatchName, traces: SpanGroup): Promise<VectorId[]> {
    this.check(session);
    return this.gallery.inTurn(async () => {
      const { changes } = await this.reserve(batch);
      try {
        return await this.gallery.apply(batch, changes, traces);
      } catch (error) {
        this.gallery.unreserve(changes);
        throw error;
      } finally {
        this.reserved = undefined;
      }
    });
  }

  /** @throws ConflictError when it is not prepared, or for want of a say; else as `Gallery.commit` */
  async drop(session: number, batch: BatchName): Promise<void> {
    this.check(session);
    await this.gallery.inTurn(async () => {
      this.checkPrepared(batch);
      await this.journal.drop();
      this.letGo();
    });
  }

  /** The prepared batch with its slots. After a restart, or when it could not be applied at once, it has none yet. */
  private async reserve(batch: BatchName): Promise<Reserved> {
    this.checkPrepared(batch);
    if (this.reserved?.batch === batch) return this.reserved;
    const changes = await this.journal.read();
    await this.gallery.reserve(changes);
    return { batch, changes };
  }

  /** Gives slots back. A drop that counted as failed may turn out to be stored: then they are still held. */
  private letGo(): void {
    if (this.reserved !== undefined) this.gallery.unreserve(this.reserved.changes);
    this.reserved = undefined;
  }

  private checkPrepared(batch: BatchName): void {
    if (this.journal.state.prepared !== batch) throw notPrepared(batch);
  }

  private check(session: number): void {
    if (session === this.session) return;
    throw new ConflictError(`session_id: session ${session} has not taken the journal, or another has since`);
  }
}
