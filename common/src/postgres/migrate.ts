/**
 * Brings our own schema up to date: versioned SQL files, forward only, never changed once released.
 *
 * All of it is one transaction under a lock, so that of several starters one migrates and the others find it done, and a
 * starter that dies leaves nothing half done. A schema that is newer than the files is refused.
 */
import { join } from 'node:path';
import { Client, escapeIdentifier } from 'pg';
import Postgrator from 'postgrator';
import { MisconfiguredError } from '../errors/errors.js';
import type { PostgresAddress } from './connection.js';
import { postgresFailure } from './failure.js';
import { connectClient } from './session.js';

/** What is to be migrated. */
export interface Migrations {
  /** Our schema; made when missing. Its table `migrations` says what was applied. */
  readonly schema: string;
  /** Holds `VERSION.do.NAME.sql`. */
  readonly directory: string;
}

/** @throws MisconfiguredError when a right is missing or the schema is newer than this program */
export async function migrate(address: PostgresAddress, migrations: Migrations): Promise<void> {
  const client = new Client(address.config);
  // Told by the query that fails.
  client.on('error', () => undefined);
  try {
    await connectClient(client);
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `irispair migrations of ${migrations.schema}`,
    ]);
    await migrateLocked(client, address, migrations);
    await client.query('COMMIT');
  } catch (error) {
    throw postgresFailure(error, address.name);
  } finally {
    await client.end();
  }
}

async function migrateLocked(
  client: Client,
  address: PostgresAddress,
  { schema, directory }: Migrations,
): Promise<void> {
  // Each only when missing: who may not make them may still use those that were made for them.
  const table = `${escapeIdentifier(schema)}.migrations`;
  const found = await client.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema]);
  if (found.rowCount === 0) await client.query(`CREATE SCHEMA ${escapeIdentifier(schema)}`);
  const { rows } = await client.query<{ missing: boolean }>('SELECT to_regclass($1) IS NULL AS missing', [
    table,
  ]);
  if (rows[0].missing) {
    await client.query(
      `CREATE TABLE ${table} (version bigint PRIMARY KEY, name text, md5 text, run_at timestamptz);
       INSERT INTO ${table} (version) VALUES (0)`,
    );
  }
  const migrator = new Postgrator({
    driver: 'pg',
    migrationPattern: join(directory, '*.sql'),
    schemaTable: `${schema}.migrations`,
    execQuery: (query: string) => client.query(query),
  });
  const newest = Math.max(0, ...(await migrator.getMigrations()).map(({ version }) => version));
  const read = await client.query<{ version: number }>(`SELECT max(version)::int AS version FROM ${table}`);
  const current = read.rows[0].version;
  if (current > newest) {
    throw new MisconfiguredError(
      `the schema ${schema} of ${address.name} has version ${current}, this program knows ${newest}: ` +
        'run the program that made it, or a later one',
    );
  }
  // Also when nothing is to be done: what was applied must not have changed since.
  await migrator.migrate();
}
