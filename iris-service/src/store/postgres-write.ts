/** Writes rows, within a transaction of the caller's. */
import type { Client } from 'pg';
import { IRIS_COLUMNS, type IrisRow } from './postgres-rows.js';

const MOST_BYTES_A_STATEMENT = 32 << 20;

/** Brings the table of irises, and the list of deletions beside it, to what the rows say. */
export async function writeIrises(client: Client, rows: readonly IrisRow[]): Promise<void> {
  for (const some of inStatements(rows)) await upsertRows(client, some);
  const deleted = rows.filter((row) => row.deleted);
  await client.query(
    `INSERT INTO irispair.deletions (id, version_id) SELECT * FROM unnest($1::bigint[], $2::smallint[])
     ON CONFLICT (id) DO UPDATE SET version_id = excluded.version_id`,
    [deleted.map(({ id }) => id), deleted.map(({ versionId }) => versionId)],
  );
  const live = rows.filter((row) => !row.deleted).map(({ id }) => id);
  await client.query('DELETE FROM irispair.deletions WHERE id = ANY ($1::bigint[])', [live]);
}

/** Writes the rows of a batch down. */
export async function writePrepared(client: Client, rows: readonly IrisRow[]): Promise<void> {
  for (const some of inStatements(rows)) {
    await client.query(
      `INSERT INTO irispair.prepared (id, ${IRIS_COLUMNS.join(', ')}, version_id)
       SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[], $6::smallint[])`,
      inColumns(some),
    );
  }
}

async function upsertRows(client: Client, rows: readonly IrisRow[]): Promise<void> {
  const names = IRIS_COLUMNS.join(', ');
  const now = Math.floor(Date.now() / 1_000);
  await client.query(
    `INSERT INTO irises (id, ${names}, version_id, last_modified_at)
     SELECT *, $7::bigint
     FROM unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[], $6::smallint[])
     ON CONFLICT (id) DO UPDATE SET (${names}, version_id, last_modified_at) =
       (${[...IRIS_COLUMNS, 'version_id', 'last_modified_at'].map((name) => `excluded.${name}`).join(', ')})`,
    [...inColumns(rows), now],
  );
}

/** Ids, the four columns, versions. */
function inColumns(rows: readonly IrisRow[]): unknown[][] {
  return [
    rows.map(({ id }) => id),
    ...IRIS_COLUMNS.map((_, index) => rows.map(({ columns }) => columns[index])),
    rows.map(({ versionId }) => versionId),
  ];
}

/** Rows that go in one statement: a thousand shares would be more text than a string holds. */
function* inStatements(rows: readonly IrisRow[]): Generator<readonly IrisRow[]> {
  let first = 0;
  let bytes = 0;
  for (const [index, { columns }] of rows.entries()) {
    const more = columns.reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (bytes + more > MOST_BYTES_A_STATEMENT && index > first) {
      yield rows.slice(first, index);
      first = index;
      bytes = 0;
    }
    bytes += more;
  }
  yield rows.slice(first);
}
