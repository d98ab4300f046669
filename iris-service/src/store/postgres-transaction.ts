/** One transaction of the store's owner. */
import type { Client } from 'pg';
import { StoreAwayError, UnavailableError } from '@irispair/common/errors/errors';
import { messageOf } from '@irispair/common/errors/message';
import { isAway, postgresFailure } from '@irispair/common/postgres/failure';
import { OwnershipLostError } from '@irispair/common/postgres/ownership';

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

/** Why a transaction was not stored, for those who asked for it: no change is taken while the server or the ownership is gone. */
export function asRefusal(error: unknown): unknown {
  const isGone = isAway(error) || error instanceof OwnershipLostError;
  if (!isGone) return error;
  return new StoreAwayError(`nothing was stored: ${messageOf(error)}`, { cause: error });
}

async function end(client: Client, place: string): Promise<void> {
  try {
    await client.query('COMMIT');
  } catch (error) {
    const failure = postgresFailure(error, place);
    throw isAway(failure) ? new UnansweredError(failure.message, { cause: error }) : failure;
  }
}
