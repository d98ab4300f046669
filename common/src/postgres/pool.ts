/**
 * A bounded pool of connections to read with. What owns a store writes over a connection of its own (`ownership`).
 *
 * A connection is made when it is needed, lent to one piece of work at a time, given up when that work fails, and closed when
 * nobody has used it for a while.
 */
import { Pool, type ClientBase, type PoolClient } from 'pg';
import type { Logger } from '../log/logger.js';
import type { PostgresAddress } from './connection.js';
import { setUpSession } from './session.js';

const IDLE_MILLISECONDS = 10_000;

/** @param most connections at the most; who wants one more waits for it as long as connecting may take */
export function openPool({ config }: PostgresAddress, most: number, logger: Logger): Pool {
  // The pool waits for it, whatever its type says.
  const onConnect: (client: ClientBase) => unknown = setUpSession;
  const pool = new Pool({ ...config, max: most, idleTimeoutMillis: IDLE_MILLISECONDS, onConnect });
  pool.on('error', (error) => {
    logger.debug({ err: error }, 'an idle connection to PostgreSQL was lost');
  });
  return pool;
}

/** Works over a connection of the pool, which is given up when the work fails. */
export async function withConnection<Result>(
  pool: Pool,
  work: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  // Told by the query that fails.
  const ignore = () => undefined;
  client.on('error', ignore);
  try {
    const result = await work(client);
    client.off('error', ignore);
    client.release();
    return result;
  } catch (error) {
    client.release(true);
    throw error;
  }
}
