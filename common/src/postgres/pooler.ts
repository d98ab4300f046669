/**
 * Refuses connections whose session is not their own.
 *
 * A pooler in transaction mode lends a session of the server to whoever asks next, so a lock of the session guards nothing.
 * 1. While one connection is idle, another asks for its session's number: equal numbers show a shared session.
 * 2. Transactions of one connection that are answered by different sessions show it too.
 * 3. Once the lock is taken, later transactions must find it held by the session that answers them.
 * Each is asked several times: a pooler may give the same session to the same client by chance.
 */
import type { Client, ClientConfig } from 'pg';
import { MisconfiguredError } from '../errors/errors.js';
import type { PostgresAddress } from './connection.js';
import { endSession, connectClient, newSession } from './session.js';

const ROUNDS = 4;
/** A pooler that is out of sessions lets a query wait. */
const ANSWER_MILLISECONDS = 10_000;

/** A pooler gives the session to others between transactions. Only another URL or another pooler mode helps. */
export class PooledSessionError extends MisconfiguredError {
  constructor(name: string) {
    super(
      `${name} is reached through a pooler in transaction mode, which loses the lock that guards the store: ` +
        'connect without the pooler, or in session mode',
    );
  }
}

/**
 * Checks that the session is the connection's own, before a lock is taken on it.
 * @throws PooledSessionError when it is not
 */
export async function refuseSharedSession(client: Client, { config, name }: PostgresAddress): Promise<void> {
  const own = await sessionNumber(client);
  const other = newSession(ofAWitness(config));
  // Told by the query that fails.
  other.client.on('error', () => undefined);
  try {
    await connectClient(other.client);
    for (let round = 0; round < ROUNDS; round++) {
      await other.client.query('BEGIN');
      const others = await sessionNumber(other.client);
      if (others === own || (await sessionNumber(client)) !== own) throw new PooledSessionError(name);
      await other.client.query('ROLLBACK');
    }
  } finally {
    await endSession(other);
  }
}

/**
 * Checks in transactions after the one that took a lock that the session holds it.
 * @param key of the advisory lock, a text that was hashed
 * @throws PooledSessionError when it does not
 */
export async function checkLockHeld(client: Client, key: string, { name }: PostgresAddress): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const { rows } = await client.query<{ held: boolean }>(
      `SELECT EXISTS (
         SELECT FROM pg_locks
         WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid() AND objsubid = 1
           AND (classid::bigint << 32) | objid::bigint = hashtextextended($1, 0)) AS held`,
      [key],
    );
    if (!rows[0].held) throw new PooledSessionError(name);
  }
}

function ofAWitness(config: ClientConfig): ClientConfig {
  return { ...config, query_timeout: ANSWER_MILLISECONDS };
}

async function sessionNumber(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0].pid;
}
