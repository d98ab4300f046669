/**
 * What names a store: a directory, or a `postgres://` URL.
 *
 * A mistyped address must not be taken for a directory: a new and empty store in it would find nobody. So a name is a
 * directory only when it cannot be anything else. `./` in front makes a directory of any other name.
 */
import { MisconfiguredError } from '../errors/errors.js';

/** Where a store is kept. */
export enum StoreKind {
  Directory = 'directory',
  Postgres = 'postgres',
}

/** What a URL of PostgreSQL begins with. */
export const POSTGRES_SCHEME = /^postgres(ql)?:\/\//;

/** What to give instead. */
export const STORE_FORMS = 'give postgres://USER@HOST:PORT/DATABASE, or a directory as /PATH, NAME or ./NAME';

/** How much of a name is shown: what is before its password. */
const SHOWN_CHARACTERS = 40;

/** A form that is no directory, and what is wrong with it. Tried in this order. */
const OTHER_FORMS: readonly (readonly [form: RegExp, problem: (seen: string) => string])[] = [
  [/^\s*$/, () => 'is empty'],
  [
    /^\s*(host|hostaddr|port|dbname|user|password|passfile|service|sslmode|options|target_session_attrs)\s*=/i,
    (seen) => `begins with ${seen}, as a list of NAME=VALUE pairs does`,
  ],
  // A scheme, a drive, or a host with its port.
  [/^[^/:]*:/, (seen) => `begins with ${seen}, as an address or a drive does`],
  [
    /^(postgres|postgresql|pgsql)\b([^/]*\/\/|\/)/i,
    (seen) => `begins with ${seen}, as the URL of a database does without its colon`,
  ],
  [/^[^/]*@(?=[^/]*\/)/, () => 'has an @ before its first slash, as an address with a user does'],
  [/^(\/\/|\\\\)/, (seen) => `begins with ${seen}, as an address without its scheme does`],
  [/^(~|\$)/, (seen) => `begins with ${seen}, which only a shell replaces`],
];

/** What makes a name neither a directory nor a URL of PostgreSQL; undefined when it is one of them. Tells no password. */
export function problemOfPlace(place: string): string | undefined {
  if (POSTGRES_SCHEME.test(place)) return undefined;
  for (const [form, problem] of OTHER_FORMS) {
    const seen = form.exec(place);
    if (seen !== null) return problem(JSON.stringify(seen[0].slice(0, SHOWN_CHARACTERS)));
  }
  return undefined;
}

/**
 * Where a store of this name is kept.
 * @throws MisconfiguredError when the name is neither, without the name itself: it may hold a password
 */
export function storeKindOf(place: string): StoreKind {
  const problem = problemOfPlace(place);
  if (problem !== undefined) throw new MisconfiguredError(`the name of the store ${problem}: ${STORE_FORMS}`);
  return POSTGRES_SCHEME.test(place) ? StoreKind.Postgres : StoreKind.Directory;
}
