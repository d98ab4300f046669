/**
 * The journal of a PostgreSQL store, in tables beside that of the irises: one transaction changes both.
 *
 * When the connection is lost while something is written here, it counts as not written; what is true is read as soon as the
 * server is back.
 */
import type { Client } from 'pg';
import { serialId, version } from '@irispair/common/ids/vector-id';
import { batchNameBytes, readBatchNameIfAny, type BatchName } from '@irispair/common/parties/batch-name';
import type { PostgresOwner } from '@irispair/common/postgres/ownership';
import {
  alreadyPrepared,
  notPrepared,
  withoutPrepared,
  type BatchJournal,
  type JournalState,
  type StoreChange,
} from './iris-store.js';
import { contentOf, IRIS_COLUMNS, rowOf, versionOfColumn, type ReadRow } from './postgres-rows.js';
import { asRefusal, inTransaction } from './postgres-transaction.js';
import { writePrepared } from './postgres-write.js';
import type { RecordForm } from './record-form.js';

const NOTHING = Buffer.alloc(0);

/** What the journal works with. */
export interface PostgresJournalParts {
  readonly form: RecordForm;
  /** Of the store, for people. */
  readonly place: string;
  readonly owner: () => PostgresOwner;
}

/** A journal in a database. */
export class PostgresJournal implements BatchJournal {
  private known: JournalState = {};

  constructor(private readonly parts: PostgresJournalParts) {}

  get state(): JournalState {
    return this.known;
  }

  /** Reads what is true on a new connection of the owner. */
  async begin(client: Client): Promise<void> {
    const { rows } = await client.query<{ applied: Buffer | null; prepared: Buffer | null }>(
      'SELECT applied, prepared FROM irispair.journal',
    );
    const applied = readBatchNameIfAny(rows.at(0)?.applied ?? NOTHING, 'irispair.journal.applied');
    const prepared = readBatchNameIfAny(rows.at(0)?.prepared ?? NOTHING, 'irispair.journal.prepared');
    this.known = {
      ...(applied === undefined ? {} : { applied }),
      ...(prepared === undefined ? {} : { prepared }),
    };
  }

  async prepare(batch: BatchName, changes: readonly StoreChange[]): Promise<void> {
    if (this.known.prepared !== undefined) throw alreadyPrepared();
    const rows = changes.map((change) => rowOf(this.parts.form, change));
    await this.change(async (client) => {
      const noted = await client.query(
        `INSERT INTO irispair.journal (prepared) VALUES ($1)
         ON CONFLICT (only_row) DO UPDATE SET prepared = excluded.prepared WHERE journal.prepared IS NULL`,
        [batchNameBytes(batch)],
      );
      if (noted.rowCount !== 1) throw alreadyPrepared();
      await writePrepared(client, rows);
    });
    this.known = { ...this.known, prepared: batch };
  }

  async read(): Promise<StoreChange[]> {
    const { form, owner } = this.parts;
    const { rows } = await owner().run((client) =>
      client.query<ReadRow & { readonly version_id: number }>(
        `SELECT id::float8 AS id, ${IRIS_COLUMNS.join(', ')}, version_id FROM irispair.prepared ORDER BY id`,
      ),
    );
    return rows.map((row) => {
      const content = contentOf(form, row);
      if (content.kind === 'bad') throw new Error(`irispair.prepared, id ${row.id}: ${content.problem}`);
      return {
        serialId: serialId(row.id),
        version: version(versionOfColumn(row.version_id)),
        record: content.kind === 'iris' ? content.record : null,
      };
    });
  }

  async drop(): Promise<void> {
    await this.change(async (client) => {
      await client.query('UPDATE irispair.journal SET prepared = NULL');
      await client.query('DELETE FROM irispair.prepared');
    });
    this.known = withoutPrepared(this.known);
  }

  /** Within the transaction that applies it: strikes the prepared batch. @throws ConflictError when it is another */
  async apply(client: Client, batch: BatchName): Promise<void> {
    const struck = await client.query(
      'UPDATE irispair.journal SET applied = prepared, prepared = NULL WHERE prepared = $1',
      [batchNameBytes(batch)],
    );
    if (struck.rowCount !== 1) throw notPrepared(batch);
    await client.query('DELETE FROM irispair.prepared');
  }

  /** That transaction is durable. */
  applied(batch: BatchName): void {
    this.known = { applied: batch };
  }

  private async change(work: (client: Client) => Promise<void>): Promise<void> {
    const { owner, place } = this.parts;
    try {
      await owner().run((client) => inTransaction(client, place, () => work(client)));
    } catch (error) {
      throw asRefusal(error);
    }
  }
}
