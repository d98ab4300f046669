/**
 * Whether the ids of the table `irises` can be serial ids at all, seen before the first row is read: from 1 on, without
 * gaps, or with few enough to count what is missing as deleted.
 */
import type { ClientBase } from 'pg';
import type { BadRows } from './bad-rows.js';

interface Bounds {
  readonly lowest: number;
  readonly highest: number;
  readonly count: number;
}

interface Gap {
  readonly first: number;
  readonly last: number;
}

/**
 * @returns the highest id; 0 when there is no row
 * @throws MisconfiguredError naming an id that is none, or the first gap unless gaps are skipped
 */
export async function checkBounds(client: ClientBase, badRows: BadRows): Promise<number> {
  const { rows } = await client.query<Bounds>(
    `SELECT coalesce(min(id), 1)::float8 AS lowest, coalesce(max(id), 0)::float8 AS highest, count(*)::float8 AS count
     FROM irises`,
  );
  const [{ lowest, highest, count }] = rows;
  badRows.checkIds(lowest, highest);
  const missing = highest - count;
  if (missing > 0) badRows.checkMissing(missing, await firstGap(client));
  return highest;
}

async function firstGap(client: ClientBase): Promise<Gap> {
  const { rows } = await client.query<Gap>(
    `SELECT coalesce(before.id + 1, 1)::float8 AS first, (present.id - 1)::float8 AS last
     FROM irises AS present LEFT JOIN LATERAL
       (SELECT max(id) AS id FROM irises WHERE id < present.id) AS before ON true
     WHERE present.id > coalesce(before.id + 1, 1) ORDER BY present.id LIMIT 1`,
  );
  return rows[0];
}
