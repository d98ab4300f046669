/**
 * Where a PostgreSQL store is and how it is reached.
 *
 * 1. A `postgres://` URL is read as libpq reads it: over TCP or a Unix socket, TLS by its parameters.
 * 2. The password is the URL's, else that of the file named by a setting, else what libpq's PGPASSWORD says.
 * 3. Messages name the server and the database, never the user's password.
 */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { messageOf } from '../errors/message.js';
import type { ClientConfig } from 'pg';
import { parse, toClientConfig, type ConnectionOptions } from 'pg-connection-string';
import { readInteger } from '../config/number.js';
import { MisconfiguredError } from '../errors/errors.js';
import { POSTGRES_SCHEME } from '../store/store-place.js';

/** The setting that names the file with the password. */
export const PASSWORD_FILE_SETTING = 'IRISPAIR_STORE_PASSWORD_FILE';

const CONNECT_MILLISECONDS = 5_000;
const KEEP_ALIVE_MILLISECONDS = 10_000;

/** What a URL may say beside user, host, port and database. */
const PARAMETERS = new Set([
  'host',
  'port',
  'user',
  'password',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'options',
  'application_name',
  'connect_timeout',
]);
/** Without `prefer` and `allow`: they fall back to no encryption without a word. */
const TLS_MODES = ['disable', 'require', 'verify-ca', 'verify-full'];

/** A database of a server. */
export interface PostgresAddress {
  /** How messages call it: no user, no password. */
  readonly name: string;
  readonly config: ClientConfig;
}

/**
 * Reads a `postgres://` URL.
 * @param passwordFile file that holds the password alone; read again for every connection, so that it may change
 * @throws MisconfiguredError naming what is wrong
 */
export function readPostgresUrl(url: string, passwordFile: string | undefined): PostgresAddress {
  const parameters = readParameters(url);
  const options = readOptions(url, parameters);
  const name = nameOf(options);
  const { host, port, user, database, ssl, options: settings, application_name } = toClientConfig(options);
  return {
    name,
    config: {
      ...given({ host, port, user, database, options: settings }),
      ...passwordOf(name, options.password, passwordFile),
      application_name: application_name ?? 'irispair',
      // A Unix socket needs no TLS, and the server offers none there.
      ssl: isSocket(options) ? false : (ssl ?? false),
      connectionTimeoutMillis: connectTimeout(parameters),
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MILLISECONDS,
    },
  };
}

function readParameters(url: string): URLSearchParams {
  // A user without a host is no URL to the platform's parser, but is one to libpq.
  const [place, query = ''] = url.replace(POSTGRES_SCHEME, '').split('?', 2);
  const parameters = new URLSearchParams(query);
  // A `/`, `?` or `#` within a password cuts it in two: no message may name what follows, or what is before.
  const path = place.slice(place.indexOf('/') + 1);
  const names = [...parameters.keys()].join('');
  if (url.includes('#') || path.includes('@') || names.includes('@')) throw unreadable();
  for (const parameter of parameters.keys()) {
    if (!PARAMETERS.has(parameter)) {
      throw new MisconfiguredError(
        `the PostgreSQL URL of the store: unknown parameter ${parameter}, it may give ${[...PARAMETERS].join(', ')}`,
      );
    }
  }
  const mode = parameters.get('sslmode');
  if (mode !== null && !TLS_MODES.includes(mode)) {
    throw new MisconfiguredError(
      `the PostgreSQL URL of the store: sslmode=${mode}, give one of ${TLS_MODES.join(', ')}`,
    );
  }
  return parameters;
}

function readOptions(url: string, parameters: URLSearchParams): ConnectionOptions {
  try {
    return parse(url, { useLibpqCompat: true });
  } catch (error) {
    const mode = parameters.get('sslmode');
    if (mode === 'verify-ca' && !parameters.has('sslrootcert')) {
      throw new MisconfiguredError(
        'the PostgreSQL URL of the store: sslmode=verify-ca needs sslrootcert=FILE with the authority’s certificate',
      );
    }
    const file = error instanceof Error && 'path' in error ? String(error.path) : undefined;
    // Without its reason, which may repeat the URL, and with it the password.
    if (file === undefined) throw unreadable();
    throw new MisconfiguredError(
      `the PostgreSQL URL of the store names ${file}, which cannot be read: check sslrootcert, sslcert and sslkey`,
    );
  }
}

function unreadable(): MisconfiguredError {
  return new MisconfiguredError(
    'the PostgreSQL URL of the store cannot be read: write postgres://USER@HOST:PORT/DATABASE, or ' +
      'postgres:///DATABASE?host=/run/postgresql for a Unix socket, special characters as %XX',
  );
}

function isSocket({ host }: ConnectionOptions): boolean {
  return host?.startsWith('/') === true;
}

/** What the URL says; the rest is libpq's to default. */
function given(fields: Readonly<Record<string, string | number | undefined>>): ClientConfig {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== ''),
  );
}

function nameOf(options: ConnectionOptions): string {
  const database = options.database ?? '';
  if (isSocket(options)) return `postgres:///${database}?host=${options.host ?? ''}`;
  const port =
    options.port === undefined || options.port === null || options.port === '' ? '' : `:${options.port}`;
  return `postgres://${options.host ?? ''}${port}/${database}`;
}

function connectTimeout(parameters: URLSearchParams): number {
  const given = parameters.get('connect_timeout');
  if (given === null) return CONNECT_MILLISECONDS;
  const seconds = readInteger(given, 1, 600);
  if (seconds === undefined) {
    throw new MisconfiguredError(
      `the PostgreSQL URL of the store: connect_timeout=${given}, give seconds from 1 to 600`,
    );
  }
  return seconds * 1_000;
}

function passwordOf(
  name: string,
  inUrl: string | undefined,
  file: string | undefined,
): Pick<ClientConfig, 'password'> {
  if (inUrl !== undefined && inUrl !== '') return { password: inUrl };
  if (file === undefined) return {};
  const refusal = (error: unknown) => {
    const reason = messageOf(error);
    return new MisconfiguredError(
      `${PASSWORD_FILE_SETTING}=${JSON.stringify(file)}: the password of ${name} cannot be read: ${reason}`,
      { cause: error },
    );
  };
  try {
    readFileSync(file);
  } catch (error) {
    throw refusal(error);
  }
  return {
    password: async () => {
      try {
        return (await readFile(file, 'utf8')).replace(/\r?\n$/, '');
      } catch (error) {
        throw refusal(error);
      }
    },
  };
}
