/**
 * A session with PostgreSQL: a connection that is set up as this program needs it.
 *
 * An administrator may have given a role or a database limits that end sessions which wait, or statements that take long.
 * A session that owns a store waits on purpose, so each session sets its own limits. It does so once it is connected: a
 * pooler refuses start-up parameters that it does not know.
 */
import { Socket } from 'node:net';
import { Client, type ClientBase, type ClientConfig } from 'pg';
import { SilenceWatch } from './silence.js';

/** A server that lets a connection end does so at once. */
const GOODBYE_MILLISECONDS = 2_000;

/** By name of the server's setting; one that its version does not have is left out. */
const SETTINGS: Readonly<Record<string, string>> = {
  statement_timeout: '60s',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
  transaction_timeout: '0',
  // The server notices soon that a client vanished without a word, so that the next owner need not wait.
  tcp_keepalives_idle: '10',
  tcp_keepalives_interval: '5',
  tcp_keepalives_count: '3',
};

/** A connection, and the socket below it. */
export interface Session {
  readonly client: Client;
  readonly socket: Socket;
}

/** A session that is not connected yet. */
export function newSession(config: ClientConfig): Session {
  const socket = new Socket();
  return { client: new Client({ ...config, stream: () => socket }), socket };
}

/** Connects, and sets the session up. */
export async function connectClient(client: Client): Promise<void> {
  await client.connect();
  await setUpSession(client);
}

/** Sets the limits of a connected session. */
export async function setUpSession(client: ClientBase): Promise<void> {
  await client.query(
    `SELECT set_config(name, value, false)
     FROM unnest($1::text[], $2::text[]) AS wanted (name, value) JOIN pg_settings USING (name)`,
    [Object.keys(SETTINGS), Object.values(SETTINGS)],
  );
}

/** Ends a session, in order where the server lets it. */
export async function endSession({ client, socket }: Session): Promise<void> {
  const silence = new SilenceWatch(socket, GOODBYE_MILLISECONDS);
  try {
    await client.end();
  } finally {
    silence.stop();
  }
}
