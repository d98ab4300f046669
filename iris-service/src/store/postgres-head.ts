/**
 * The one row that says what a PostgreSQL store is and how often it was changed.
 *
 * Every commit counts it up and names itself in the same transaction. So a commit whose answer was lost with the connection
 * can be asked for later, and an owner that was away sees whether another has changed the store meanwhile.
 */
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { MisconfiguredError } from '@irispair/common/errors/errors';
import { DEFAULT_COLUMNS, type Columns } from '@irispair/common/iris/shape';
import type { PostgresAddress } from '@irispair/common/postgres/connection';
import { postgresFailure } from '@irispair/common/postgres/failure';
import { OwnershipLostError } from '@irispair/common/postgres/ownership';
import { connectClient } from '@irispair/common/postgres/session';
import { checkIdentity, columnsOfStore, type StoreIdentity, type WantedIdentity } from './iris-store.js';
import { COLUMN_TYPES } from './postgres-rows.js';
import { RECORD_FORMS } from './record-form.js';

const PLAIN: WantedIdentity = { mode: 'plain', party: null, formatVersion: 1, columns: undefined };

interface FoundKind {
  readonly mode: StoreIdentity['mode'];
  readonly party: number | null;
  readonly format_version: number;
  /** Null in one that was not migrated yet. */
  readonly columns: number | null;
}

interface FoundHead extends FoundKind {
  readonly irises_schema: string;
  readonly commit_count: number;
  /** NULL in stores made before there were identities. */
  readonly store_id: string | null;
  readonly last_commit: string | null;
}

/** What every version has, and columns, which one that was not migrated yet lacks. */
const KIND = `mode, party, format_version, (to_jsonb(store) ->> 'columns')::int AS columns`;

/** What this service knows of the row. */
export class PostgresHead {
  /** Commits that are known to be stored; undefined before the first look. */
  private known: number | undefined;
  private knownId: string | undefined;
  /** The commit under way. */
  private token: string | undefined;
  private held: StoreIdentity | undefined;

  constructor(
    private readonly place: string,
    private readonly wanted: WantedIdentity,
  ) {}

  /** What the store holds, once a connection has begun. */
  get identity(): StoreIdentity {
    if (this.held === undefined) throw new Error('the store was not looked at yet');
    return this.held;
  }

  get commitCount(): number {
    return this.known ?? 0;
  }

  get storeId(): string {
    return this.knownId ?? '';
  }

  /**
   * Sets up a connection that owns the store.
   * @throws MisconfiguredError when the store holds something else or lacks something; OwnershipLostError when another
   * has changed it since this service last wrote
   */
  async begin(client: Client): Promise<void> {
    // Acknowledged means on the server's disk, whatever its default.
    await client.query('SET synchronous_commit TO on');
    // Tables of existing deployments have a trigger that refuses versions set by others than itself, unless told so.
    await client.query("SET app.explicit_version_id TO 'on'");
    const schema = await this.checkTable(client);
    const columns = (await this.checkForm(client)) ?? this.wanted.columns ?? DEFAULT_COLUMNS;
    await client.query(
      `INSERT INTO irispair.store (mode, party, format_version, columns, irises_schema, commit_count)
       VALUES ($1, $2, $3, $4, $5, 0) ON CONFLICT DO NOTHING`,
      [this.wanted.mode, this.wanted.party, this.wanted.formatVersion, columns, schema],
    );
    const found = await readHead(client);
    const held = identityOf(this.place, found);
    checkIdentity(this.place, held, this.wanted);
    this.held = held;
    if (found.irises_schema !== schema) {
      throw new MisconfiguredError(
        `the store in ${this.place} holds the irises of schema ${found.irises_schema}, search_path says ${schema}: ` +
          'correct options=-c search_path=... in the URL, or choose another database',
      );
    }
    const isOurs = found.commit_count === this.known || (this.token ?? '') === found.last_commit;
    if (this.known !== undefined && !isOurs) {
      throw new OwnershipLostError(
        `another service has changed the store in ${this.place} while this one was away: restart this one`,
      );
    }
    const storeId = found.store_id ?? (await drawStoreId(client));
    if (this.knownId !== undefined && this.knownId !== storeId) {
      throw new OwnershipLostError(
        `the store in ${this.place} is another since the connection was lost: restart this service`,
      );
    }
    this.known ??= found.commit_count;
    this.knownId ??= storeId;
  }

  /** Counts the commit in its own transaction. @throws OwnershipLostError when another has changed the store */
  async count(client: Client, token: string): Promise<void> {
    this.token = token;
    const counted = await client.query(
      'UPDATE irispair.store SET commit_count = commit_count + 1, last_commit = $1 WHERE commit_count = $2',
      [token, this.commitCount],
    );
    if (counted.rowCount !== 1) {
      throw new OwnershipLostError(
        `another service has changed the store in ${this.place}: restart this one`,
      );
    }
  }

  /** Whether the commit of this name is stored. */
  async holds(client: Client, token: string): Promise<boolean> {
    return (await readHead(client)).last_commit === token;
  }

  /** The commit under way is stored. */
  stored(): void {
    this.known = this.commitCount + 1;
  }

  /**
   * A table of others says nothing of its form but by what it holds: it must not be taken for what it is not.
   * @returns the columns of its codes; undefined when the store is ours, or holds nothing that says it
   */
  private async checkForm(client: Client): Promise<Columns | undefined> {
    const { rows } = await client.query<{ id: string; bytes: number }>(
      `SELECT id, octet_length(left_code) AS bytes FROM irises
       WHERE octet_length(left_code) > 0 AND NOT EXISTS (SELECT FROM irispair.store) ORDER BY id LIMIT 1`,
    );
    const first = rows.at(0);
    const form = RECORD_FORMS.find(({ columnBytes: [codeBytes] }) => codeBytes === first?.bytes);
    if (first === undefined || form === undefined) return undefined;
    const holds =
      `the table irises of ${this.place} holds ${form.holds} of ${form.columns} columns: ` +
      `left_code of row ${first.id} has ${first.bytes} bytes`;
    if (form.mode !== this.wanted.mode) {
      throw new MisconfiguredError(
        `${holds}; this is mode ${this.wanted.mode}: start an iris service with IRISPAIR_MODE=${form.mode} on it, or choose another database`,
      );
    }
    if (this.wanted.columns !== undefined && this.wanted.columns !== form.columns) {
      throw new MisconfiguredError(
        `${holds}; this service is configured for ${this.wanted.columns}: leave IRISPAIR_COLUMNS or --columns out, or give ` +
          `${form.columns}; or choose another database`,
      );
    }
    return form.columns;
  }

  /** @returns the schema of the table */
  private async checkTable(client: Client): Promise<string> {
    const found = await client.query<{ schema: string; missing: string[] }>(
      `SELECT nspname AS schema,
         ARRAY(SELECT one FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE']) AS one
               WHERE NOT has_table_privilege(pg_class.oid, one)) AS missing
       FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
       WHERE pg_class.oid = to_regclass('irises')`,
    );
    const table = found.rows.at(0);
    if (table === undefined) {
      throw new MisconfiguredError(
        `${this.place} has no table irises where search_path looks: correct options=-c search_path=... in the URL`,
      );
    }
    if (table.missing.length > 0) {
      const rights = table.missing.join(', ');
      throw new MisconfiguredError(
        `${this.place}: the user has no right to ${rights} on ${table.schema}.irises: GRANT ${rights} ON it`,
      );
    }
    const columns = await client.query<{ name: string; type: string }>(
      `SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
       WHERE attrelid = to_regclass('irises') AND attnum > 0 AND NOT attisdropped`,
    );
    const types = new Map(columns.rows.map(({ name, type }) => [name, type]));
    for (const [name, type] of Object.entries(COLUMN_TYPES)) {
      const is = types.get(name);
      if (is !== type) {
        throw new MisconfiguredError(
          `${this.place}: column ${name} of ${table.schema}.irises ${is === undefined ? 'is missing' : `is ${is}`}, ` +
            `${type} is expected: change the table, or choose another schema`,
        );
      }
    }
    return table.schema;
  }
}

/** What a database holds, without owning it; null when it has no irises. A table of others alone is plain. */
export async function identityIn({ config, name }: PostgresAddress): Promise<WantedIdentity | null> {
  const client = new Client(config);
  // Told by the query that fails.
  client.on('error', () => undefined);
  try {
    await connectClient(client);
    const { rows } = await client.query<{ ours: boolean; table: boolean }>(
      `SELECT to_regclass('irispair.store') IS NOT NULL AS ours, to_regclass('irises') IS NOT NULL AS table`,
    );
    const [{ ours, table }] = rows;
    const found = ours ? await readKind(client) : undefined;
    if (found !== undefined) return identityOf(name, found);
    return table ? PLAIN : null;
  } catch (error) {
    throw postgresFailure(error, name);
  } finally {
    await client.end();
  }
}

async function drawStoreId(client: Client): Promise<string> {
  const storeId = randomUUID();
  await client.query('UPDATE irispair.store SET store_id = $1 WHERE store_id IS NULL', [storeId]);
  return storeId;
}

function identityOf(place: string, { mode, party, format_version, columns }: FoundKind): StoreIdentity {
  return {
    mode,
    party,
    formatVersion: format_version,
    columns: columnsOfStore(place, columns ?? undefined),
  };
}

/** Of the columns that every version has: the store may not be migrated yet. */
async function readKind(client: Client): Promise<FoundKind | undefined> {
  const { rows } = await client.query<FoundKind>(`SELECT ${KIND} FROM irispair.store`);
  return rows.at(0);
}

async function readHead(client: Client): Promise<FoundHead> {
  const { rows } = await client.query<FoundHead>(
    `SELECT ${KIND}, irises_schema, commit_count::float8 AS commit_count, last_commit, store_id
     FROM irispair.store`,
  );
  return rows[0];
}
