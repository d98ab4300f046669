import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MisconfiguredError } from '../errors/errors.js';
import { StoreKind, storeKindOf } from './store-place.js';

const ADDRESSES = [
  'jdbc:postgresql://me:secret@h:5432/d',
  'postgres:/h:5432/secret',
  'postgres:h/secret',
  'postgres//h/secret',
  'postgres/h/secret',
  'postgresql//h/secret',
  'Postgres://me:secret@h/d',
  ' postgres://me:secret@h/d',
  'postgre://me:secret@h/d',
  'postgresql+psycopg2://me:secret@h/d',
  'http://me:secret@h/d',
  'sqlite:///secret',
  'sqlite:secret.db',
  'file:secret',
  '://h/secret',
  '//h/secret',
  'h:5432/secret',
  '127.0.0.1:5432/secret',
  '[::1]:5432/secret',
  '"postgres://me:secret@h/d"',
  'me@h/secret',
  'c:\\secret',
  'C:/secret',
  '\\\\h\\secret',
  'host=h dbname=secret',
  'dbname = secret',
  'password=secret:more host=h',
  '~/secret',
  '$HOME/secret',
  '${STORE}',
  '',
  ' ',
];

const DIRECTORIES = [
  '/var/lib/irispair',
  'irises',
  'postgres',
  'postgres-data',
  'postgres-data/iris',
  '/srv/postgres/iris',
  './postgres/iris',
  './postgres://',
  './a:b',
  '/srv/a:b',
  '/srv/me@h/d',
  'data.v2',
  'a b/c d',
  'données/アイリス',
  'iris/',
  '-iris',
  './~',
  'a~b$c',
  './host=a',
  'me@h',
  '100%?#',
  '..',
  '/',
];

describe('what names a store', () => {
  it('is PostgreSQL by its scheme alone', () => {
    for (const url of ['postgres://h/d', 'postgresql:///d?host=/run']) {
      assert.equal(storeKindOf(url), StoreKind.Postgres, url);
    }
  });

  it('is refused where it could be an address, with the right form and without what may be a password', () => {
    for (const address of ADDRESSES) {
      assert.throws(
        () => storeKindOf(address),
        (error) => {
          assert.ok(error instanceof MisconfiguredError, address);
          assert.match(error.message, /: give postgres:\/\/USER@HOST:PORT\/DATABASE, or a directory/);
          assert.doesNotMatch(error.message, /secret/);
          return true;
        },
        address,
      );
    }
  });

  it('is a directory when it cannot be anything else', () => {
    for (const directory of DIRECTORIES) assert.equal(storeKindOf(directory), StoreKind.Directory, directory);
  });

  it('says what was seen', () => {
    assert.throws(
      () => storeKindOf('jdbc:postgresql://h/d'),
      /begins with "jdbc:", as an address or a drive does/,
    );
    assert.throws(
      () => storeKindOf('postgres//h/d'),
      /begins with "postgres\/\/", as the URL of a database does/,
    );
    assert.throws(() => storeKindOf('dbname=d'), /begins with "dbname=", as a list of NAME=VALUE pairs does/);
  });

  it('is a directory with ./ or a whole path in front, whatever it is called, and never with a scheme', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
    const scheme = fc
      .stringMatching(/^[A-Za-z][A-Za-z0-9+.-]{0,12}$/)
      .filter((word) => !/^postgres(ql)?$/.test(word));
    fc.assert(
      fc.property(name, scheme, (rest, word) => {
        assert.equal(storeKindOf(`./${rest}`), StoreKind.Directory);
        assert.equal(storeKindOf(`/srv/${rest}`), StoreKind.Directory);
        for (const slashes of ['', '/', '//', '///']) {
          assert.throws(() => storeKindOf(`${word}:${slashes}${rest}`), MisconfiguredError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is one word of letters, digits, dots, dashes and spaces', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,30}$/u), (word) => {
        assert.equal(storeKindOf(word), StoreKind.Directory);
      }),
      { numRuns: 500 },
    );
  });
});
