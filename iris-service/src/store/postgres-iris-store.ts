/**
 * Irises in PostgreSQL.
 *
 * The table `irises` is one that other tools read; what it is and which ids are deleted lies beside it in the schema
 * `irispair`. A commit is one transaction over the connection that owns the store. When that connection is lost while the
 * transaction ends, only the server knows whether it was stored: it is asked as soon as it is back, and the commit settles
 * then.
 */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Client, Pool, PoolClient } from 'pg';
import { serialId, version } from '@irispair/common/ids/vector-id';
import type { Logger } from '@irispair/common/log/logger';
import type { BatchName } from '@irispair/common/parties/batch-name';
import type { PostgresAddress } from '@irispair/common/postgres/connection';
import { isAway, postgresFailure } from '@irispair/common/postgres/failure';
import { migrate } from '@irispair/common/postgres/migrate';
import { PostgresOwner } from '@irispair/common/postgres/ownership';
import { openPool } from '@irispair/common/postgres/pool';
import type { EngineCore } from '@irispair/native/engine-types';
import { BadRows, unlistedDeletion } from './bad-rows.js';
import type {
  IrisStore,
  LoadObserver,
  StoreChange,
  StoredIris,
  StoreIdentity,
  WantedIdentity,
} from './iris-store.js';
import { PostgresHead } from './postgres-head.js';
import { PostgresJournal } from './postgres-journal.js';
import { loadTable } from './postgres-load.js';
import { contentOf, IRIS_COLUMNS, rowOf, versionOfColumn, type ReadRow } from './postgres-rows.js';
import { asRefusal, inTransaction, UnansweredError } from './postgres-transaction.js';
import { writeIrises } from './postgres-write.js';
import { recordFormOf, SHARED_FORM, type RecordForm } from './record-form.js';
import { checkBounds } from './table-bounds.js';
import { refuseTableElsewhere } from './table-elsewhere.js';

/** The schema of what is ours. */
export const IRISPAIR_SCHEMA = 'irispair';

const MIGRATIONS = fileURLToPath(new URL('../../migrations', import.meta.url));
const ROWS_A_PAGE = 256;
/** Beside those that read. */
const SNAPSHOT_CONNECTIONS = 1;

/** How to open one. */
export interface PostgresIrisStoreOptions {
  readonly address: PostgresAddress;
  readonly identity: WantedIdentity;
  /** Load what can be loaded of a table with bad rows, and log the others; otherwise it is refused. */
  readonly skipBadRows: boolean;
  /** Connections that read the table side by side. */
  readonly loadConnections: number;
  readonly logger: Logger;
}

/** A row, and whether its id is among the deletions. */
interface ListedRow extends ReadRow {
  readonly listed: boolean;
}

/** Irises in one database. */
export class PostgresIrisStore implements IrisStore {
  private readonly pool: Pool;
  private readonly badRows: BadRows;
  private readonly form: RecordForm;

  private constructor(
    private readonly options: PostgresIrisStoreOptions,
    private readonly owner: PostgresOwner,
    private readonly head: PostgresHead,
    readonly journal: PostgresJournal | undefined,
  ) {
    const { address, skipBadRows, loadConnections, logger } = options;
    this.form = recordFormOf(head.identity);
    this.pool = openPool(address, loadConnections + SNAPSHOT_CONNECTIONS, logger);
    this.badRows = new BadRows(address.name, skipBadRows ? 'skip' : 'refuse', logger);
  }

  /**
   * Opens or makes the store.
   * @throws MisconfiguredError when another service owns it, it holds something else, or something is missing;
   * UnavailableError when the server is away
   */
  static async open(options: PostgresIrisStoreOptions): Promise<PostgresIrisStore> {
    const { address, identity, logger } = options;
    await refuseTableElsewhere(address);
    await migrate(address, { schema: IRISPAIR_SCHEMA, directory: MIGRATIONS });
    const head = new PostgresHead(address.name, identity);
    const journal =
      identity.mode === 'plain'
        ? undefined
        : new PostgresJournal({ form: SHARED_FORM, place: address.name, owner: () => owner });
    const begin = async (client: Client) => {
      await head.begin(client);
      await journal?.begin(client);
    };
    const owner = await PostgresOwner.take({ address, schema: IRISPAIR_SCHEMA, begin, logger });
    return new PostgresIrisStore(options, owner, head, journal);
  }

  get identity(): StoreIdentity {
    return this.head.identity;
  }

  count(): Promise<number> {
    return this.owner.run(async (client) => {
      const { rows } = await client.query<{ highest: number }>(
        'SELECT coalesce(max(id), 0)::float8 AS highest FROM irises',
      );
      // Ids follow each other from 1, or what is missing counts as deleted.
      return rows[0].highest;
    });
  }

  get storeId(): string {
    return this.head.storeId;
  }

  get commitCount(): number {
    return this.head.commitCount;
  }

  get away(): string | undefined {
    return this.owner.away;
  }

  onAwayChange(listener: () => void): void {
    this.owner.onChange(listener);
  }

  async *load(): AsyncGenerator<StoredIris> {
    const { name } = this.options.address;
    let client: PoolClient | undefined;
    try {
      client = await this.pool.connect();
      // Told by the query that fails.
      client.on('error', () => undefined);
      yield* this.readAll(client);
    } catch (error) {
      throw postgresFailure(error, name);
    } finally {
      // Whoever reads may leave in the midst of it.
      client?.release(true);
    }
  }

  private async *readAll(client: PoolClient): AsyncGenerator<StoredIris> {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await checkBounds(client, this.badRows);
    let last = 0;
    for (;;) {
      const { rows } = await client.query<ListedRow>(
        `SELECT irises.id::float8 AS id, irises.version_id, ${IRIS_COLUMNS.join(', ')}, deletions.id IS NOT NULL AS listed
         FROM irises LEFT JOIN irispair.deletions ON deletions.id = irises.id
         WHERE irises.id > $1 ORDER BY irises.id LIMIT ${ROWS_A_PAGE}`,
        [last],
      );
      if (rows.length === 0) return;
      for (const row of rows) {
        if (row.id > last + 1) {
          this.badRows.gap(last + 1, row.id - 1);
          for (last += 1; last < row.id; last++) yield storedIris(last, 0, null);
        }
        yield this.read(row);
        last = row.id;
      }
    }
  }

  private read(row: ListedRow): StoredIris {
    const count = versionOfColumn(row.version_id ?? 0);
    const content = contentOf(this.form, row);
    switch (content.kind) {
      case 'iris':
        return storedIris(row.id, count, content.record);
      case 'deleted':
        if (!row.listed) this.badRows.row(row.id, unlistedDeletion(this.form));
        return storedIris(row.id, count, null);
      case 'bad':
        this.badRows.row(row.id, content.problem);
        return storedIris(row.id, count, null);
    }
  }

  loadInto(engine: EngineCore, observer: LoadObserver): Promise<void> {
    const { address, loadConnections, logger } = this.options;
    const { pool, badRows, form } = this;
    return loadTable({ address, pool, readers: loadConnections, badRows, form, logger, engine, observer });
  }

  async commit(changes: readonly StoreChange[], batch?: BatchName): Promise<void> {
    const rows = changes.map((change) => rowOf(this.form, change));
    const token = randomUUID();
    try {
      await this.owner.run((client) =>
        inTransaction(client, this.options.address.name, async () => {
          await this.head.count(client, token);
          await writeIrises(client, rows);
          if (batch !== undefined) await this.journal?.apply(client, batch);
        }),
      );
    } catch (error) {
      const isStored = error instanceof UnansweredError && (await this.isStored(token));
      if (!isStored) throw asRefusal(error);
    }
    this.head.stored();
    if (batch !== undefined) this.journal?.applied(batch);
  }

  /** Waits for the server as long as it takes. */
  private async isStored(token: string): Promise<boolean> {
    for (;;) {
      await this.owner.back();
      try {
        return await this.owner.run((client) => this.head.holds(client, token));
      } catch (error) {
        if (!isAway(error)) throw error;
      }
    }
  }

  async close(): Promise<void> {
    await this.pool.end();
    await this.owner.close();
  }
}

function storedIris(serial: number, count: number, record: Uint8Array | null): StoredIris {
  return { id: { serialId: serialId(serial), version: version(count) }, record };
}
