/**
 * A database whose irises lie in another schema than the one that is looked at.
 *
 * Making an empty table beside them would serve nobody, and nobody would notice: every iris would be found unique.
 */
import { Client, escapeIdentifier } from 'pg';
import { MisconfiguredError } from '@irispair/common/errors/errors';
import type { PostgresAddress } from '@irispair/common/postgres/connection';
import { postgresFailure } from '@irispair/common/postgres/failure';
import { connectClient } from '@irispair/common/postgres/session';

/** @throws MisconfiguredError where no store was made yet, search_path finds no table, and another schema has one */
export async function refuseTableElsewhere({ config, name }: PostgresAddress): Promise<void> {
  const client = new Client(config);
  // Told by the query that fails.
  client.on('error', () => undefined);
  try {
    await connectClient(client);
    const { rows } = await client.query<{ schema: string }>(
      `SELECT nspname AS schema FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
       WHERE relname = 'irises' AND relkind IN ('r', 'p')
         AND to_regclass('irises') IS NULL AND to_regclass('irispair.store') IS NULL
       ORDER BY nspname LIMIT 1`,
    );
    const elsewhere = rows.at(0);
    if (elsewhere === undefined) return;
    const option = encodeURIComponent(`-c search_path=${escapeIdentifier(elsewhere.schema)}`);
    throw new MisconfiguredError(
      `${name} has no table irises where search_path looks, but one in the schema ${elsewhere.schema}: ` +
        `give options=${option} in the URL, or choose another database`,
    );
  } catch (error) {
    throw postgresFailure(error, name);
  } finally {
    await client.end();
  }
}
