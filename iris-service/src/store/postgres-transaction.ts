/** One transaction of the store's owner. */
import type { Client } from 'pg';
import { UnavailableError } from '@irispair/common/errors/errors';
import { isAway, postgresFailure } from '@irispair/common/postgres/failure';

/** The connection was lost while the transaction ended: only the server knows whether it is stored. */
export class UnansweredError extends UnavailableError {}

/** Runs work as one transaction. @param place for people @throws UnansweredError, and what the work throws */
export async function inTransaction(client: Client, place: string, work: () => Promise<void>): Promise<void> {
  try {
    await client.query('BEGIN');
    await work();
    await end(client, place);
  } catch (error) {
    // After an error the transaction holds nothing; on a lost connection the server does this by itself.
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function end(client: Client, place: string): Promise<void> {
  try {
    await client.query('COMMIT');
  } catch (error) {
    const failure = postgresFailure(error, place);
    throw isAway(failure) ? new UnansweredError(failure.message, { cause: error }) : failure;
  }
}
