/** Looks into a database past the services. */
import type { TestCluster } from '@irispair/common/postgres/support/cluster';

/** Rows of a table. */
export async function countRows(cluster: TestCluster, table: string, database: string): Promise<number> {
  const [{ count }] = await cluster.sql<{ count: number }>(
    `SELECT count(*)::int AS count FROM ${table}`,
    database,
  );
  return count;
}
