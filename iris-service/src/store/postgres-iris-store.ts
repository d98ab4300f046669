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
import { Client } from 'pg';
import { StoreAwayError, UnavailableError } from '@irispair/common/errors/errors';
import { serialId, version } from '@irispair/common/ids/vector-id';
import type { Logger } from '@irispair/common/log/logger';
import type { PostgresAddress } from '@irispair/common/postgres/connection';
import { isAway, postgresFailure } from '@irispair/common/postgres/failure';
import { migrate } from '@irispair/common/postgres/migrate';
import { PostgresOwner } from '@irispair/common/postgres/ownership';
import type { IrisEngine } from '@irispair/native/engine-types';
import type { IrisStore, LoadObserver, StoreChange, StoredIris, StoreIdentity } from './iris-store.js';
import { PostgresHead } from './postgres-head.js';
import { loadTable } from './postgres-load.js';
import {
  IRIS_COLUMNS,
  recordOf,
  rowOf,
  versionOfColumn,
  type IrisRow,
  type ReadRow,
} from './postgres-rows.js';

/** The schema of what is ours. */
export const IRISPAIR_SCHEMA = 'irispair';

const MIGRATIONS = fileURLToPath(new URL('../../migrations', import.meta.url));
const ROWS_A_PAGE = 256;

/** How to open one. */
export interface PostgresIrisStoreOptions {
  readonly address: PostgresAddress;
  readonly identity: StoreIdentity;
  /** Load what can be loaded of a table with bad rows, and log the others; otherwise it is refused. */
  readonly skipBadRows: boolean;
  readonly logger: Logger;
}

/** The connection was lost while the transaction ended: only the server knows whether it is stored. */
class UnansweredError extends UnavailableError {}

/** Irises in one database. */
export class PostgresIrisStore implements IrisStore {
  private constructor(
    private readonly options: PostgresIrisStoreOptions,
    private readonly owner: PostgresOwner,
    private readonly head: PostgresHead,
  ) {}

  /**
   * Opens or makes the store.
   * @throws MisconfiguredError when another service owns it, it holds something else, or something is missing;
   * UnavailableError when the server is away
   */
  static async open(options: PostgresIrisStoreOptions): Promise<PostgresIrisStore> {
    const { address, identity, logger } = options;
    await migrate(address, { schema: IRISPAIR_SCHEMA, directory: MIGRATIONS });
    const head = new PostgresHead(address.name, identity);
    const begin = (client: Client) => head.begin(client);
    const owner = await PostgresOwner.take({ address, schema: IRISPAIR_SCHEMA, begin, logger });
    return new PostgresIrisStore(options, owner, head);
  }

  get identity(): StoreIdentity {
    return this.options.identity;
  }

  count(): Promise<number> {
    return this.owner.run(async (client) => {
      const { rows } = await client.query<{ count: number }>('SELECT count(*)::float8 AS count FROM irises');
      return rows[0].count;
    });
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
    const { address } = this.options;
    const client = new Client(address.config);
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      for (let after = '0', page: ReadRow[] = []; ; after = page[page.length - 1].id) {
        page = (
          await client.query<ReadRow>(
            `SELECT id, version_id, ${IRIS_COLUMNS.join(', ')} FROM irises WHERE id > $1 ORDER BY id LIMIT ${ROWS_A_PAGE}`,
            [after],
          )
        ).rows;
        if (page.length === 0) return;
        for (const row of page) yield storedIris(row, address.name);
      }
    } catch (error) {
      throw postgresFailure(error, address.name);
    } finally {
      await client.end();
    }
  }

  loadInto(engine: IrisEngine, observer: LoadObserver): Promise<void> {
    return loadTable({ ...this.options, engine, observer });
  }

  async commit(changes: readonly StoreChange[]): Promise<void> {
    const rows = changes.map(rowOf);
    const token = randomUUID();
    try {
      await this.owner.run(async (client) => {
        try {
          await client.query('BEGIN');
          await this.head.count(client, token);
          await writeRows(client, rows);
          await this.end(client);
        } catch (error) {
          await rollBack(client);
          throw error;
        }
      });
    } catch (error) {
      if (!isAway(error)) throw error;
      if (!(error instanceof UnansweredError) || !(await this.isStored(token))) {
        throw new StoreAwayError(`nothing was stored: ${(error as Error).message}`, { cause: error });
      }
    }
    this.head.stored();
  }

  private async end(client: Client): Promise<void> {
    try {
      await client.query('COMMIT');
    } catch (error) {
      const failure = postgresFailure(error, this.options.address.name);
      throw isAway(failure) ? new UnansweredError(failure.message, { cause: error }) : failure;
    }
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

  close(): Promise<void> {
    return this.owner.close();
  }
}

/** After an error the transaction holds nothing; on a lost connection the server does this by itself. */
async function rollBack(client: Client): Promise<void> {
  await client.query('ROLLBACK').catch(() => undefined);
}

async function writeRows(client: Client, rows: readonly IrisRow[]): Promise<void> {
  const parts = IRIS_COLUMNS.map((_, index) => rows.map(({ columns }) => columns[index]));
  const names = IRIS_COLUMNS.join(', ');
  const now = Math.floor(Date.now() / 1_000);
  await client.query(
    `INSERT INTO irises (id, ${names}, version_id, last_modified_at)
     SELECT *, $7::bigint
     FROM unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[], $6::smallint[])
     ON CONFLICT (id) DO UPDATE SET (${names}, version_id, last_modified_at) =
       (${[...IRIS_COLUMNS, 'version_id', 'last_modified_at'].map((name) => `excluded.${name}`).join(', ')})`,
    [rows.map(({ id }) => id), ...parts, rows.map(({ versionId }) => versionId), now],
  );
  const deleted = rows.filter((row) => row.deleted);
  await client.query(
    `INSERT INTO irispair.deletions (id, version_id) SELECT * FROM unnest($1::bigint[], $2::smallint[])
     ON CONFLICT (id) DO UPDATE SET version_id = excluded.version_id`,
    [deleted.map(({ id }) => id), deleted.map(({ versionId }) => versionId)],
  );
  const live = rows.filter((row) => !row.deleted).map(({ id }) => id);
  await client.query('DELETE FROM irispair.deletions WHERE id = ANY ($1::bigint[])', [live]);
}

function storedIris(row: ReadRow, name: string): StoredIris {
  const record = recordOf(row);
  if (record === undefined || row.version_id === null) {
    throw new Error(`row ${row.id} of the table irises of ${name} holds no iris`);
  }
  return {
    id: { serialId: serialId(Number(row.id)), version: version(versionOfColumn(row.version_id)) },
    record,
  };
}
