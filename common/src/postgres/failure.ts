/**
 * What went wrong between this service and PostgreSQL, in the service's own errors: the server is away, it has no room,
 * something must be configured, or a constraint refuses what was to be stored. Anything else is a fault of the program and stays as it is.
 */
import { DatabaseError } from 'pg';
import {
  ExhaustedError,
  IrisPairError,
  MisconfiguredError,
  RefusedChangeError,
  UnavailableError,
} from '../errors/errors.js';

/** SQLSTATE codes; a code of two characters stands for its class. */
const AWAY = ['08', '57', '40', '53300', '55P03', '25P03'];
const NO_ROOM = ['53100', '53200', '53400', '54'];
const WRONG_LOGIN = ['28'];
/** Integrity constraints, data that a column or a trigger cannot take, and what a function raises. */
const REFUSED_CHANGE = ['23', '22', '27', '09', '44', 'P0001', 'P0004'];

const REMEDY_OF: readonly (readonly [code: string, remedy: string])[] = [
  ['3D000', 'create the database, or correct the URL'],
  ['42501', 'grant the right to the user of the URL'],
  ['25006', 'it takes no writes: give the URL of the primary server'],
  ['3F000', 'create the schema, or correct search_path'],
  ['0A000', 'PostgreSQL 12 or later is needed'],
];

const AWAY_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ENOENT',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
const AWAY_MESSAGES =
  /connection terminated|timeout|not queryable|client was closed|not connected|connection ended/i;
const TLS = /\bSSL\b|\bTLS\b|certificate|self[- ]signed|ERR_SSL|ERR_TLS|CERT_|altnames/i;
const NO_PASSWORD = /client password must be a|no password/i;

/** What PgBouncer says, as a violation of the protocol: it would say so each time. */
const POOLER_REFUSALS: readonly (readonly [message: RegExp, remedy: string])[] = [
  [
    /unsupported startup parameter/,
    'a pooler does not pass it on: connect without the pooler, or in session mode, and set search_path by ALTER ROLE ' +
      'instead of options in the URL',
  ],
  [/transaction blocks not allowed/, 'connect without the pooler, or in session mode'],
];

/**
 * The error to go on with.
 * @param name how messages call the database
 */
export function postgresFailure(error: unknown, name: string): Error {
  if (error instanceof IrisPairError) return error;
  if (error instanceof AggregateError && error.errors.length > 0) {
    // One reason for each address of the host.
    return postgresFailure(error.errors[0], name);
  }
  if (!(error instanceof Error)) return new Error(String(error));
  const options = { cause: error };
  if (error instanceof DatabaseError) return fromServer(error, name);
  // Before TLS: a server that goes away within the handshake is away.
  if (AWAY_CODES.has(codeOf(error))) return away(error, name);
  if (TLS.test(`${error.message} ${codeOf(error)}`)) {
    return new MisconfiguredError(
      `${name}: no TLS as wanted (${error.message}): check sslmode and sslrootcert of the URL`,
      options,
    );
  }
  if (NO_PASSWORD.test(error.message)) {
    return new MisconfiguredError(
      `${name} asks for a password: put it into a file and name it by IRISPAIR_STORE_PASSWORD_FILE, or set PGPASSWORD`,
      options,
    );
  }
  return AWAY_MESSAGES.test(error.message) ? away(error, name) : error;
}

function away(error: Error, name: string): UnavailableError {
  return new UnavailableError(`${name} is away (${error.message || codeOf(error)}): try again`, {
    cause: error,
  });
}

/** Whether it says that the connection is gone, or never was. */
export function isAway(error: unknown): boolean {
  return error instanceof UnavailableError;
}

function fromServer(error: DatabaseError, name: string): Error {
  const code = error.code ?? '';
  const options = { cause: error };
  const isOf = (codes: readonly string[]) => codes.some((one) => code.startsWith(one));
  if (isOf(NO_ROOM)) {
    return new ExhaustedError(
      `${name} has no room, nothing was stored: free some disk or memory of the server (${error.message})`,
      options,
    );
  }
  const refusal = POOLER_REFUSALS.find(([message]) => message.test(error.message))?.[1];
  if (refusal !== undefined) return new MisconfiguredError(`${name}: ${error.message}: ${refusal}`, options);
  if (isOf(AWAY)) return away(error, name);
  if (isOf(WRONG_LOGIN)) {
    return new MisconfiguredError(
      `${name} refuses the user (${error.message}): check the user and the password, and pg_hba.conf of the server`,
      options,
    );
  }
  const remedy = REMEDY_OF.find(([one]) => one === code)?.[1];
  if (remedy !== undefined) return new MisconfiguredError(`${name}: ${error.message}: ${remedy}`, options);
  if (isOf(REFUSED_CHANGE)) return new RefusedChangeError(describeRefusal(error, name), options);
  return error;
}

/** Without the server's detail, which may repeat the row. */
function describeRefusal({ message, constraint, table, where }: DatabaseError, name: string): string {
  const who =
    constraint === undefined
      ? `what a trigger runs refuses it (${where?.split('\n').at(0) ?? 'no context given'})`
      : `constraint ${constraint} of table ${table ?? 'unknown'} refuses it`;
  return `${name}: ${who}, nothing was stored: ${message}`;
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : '';
}
