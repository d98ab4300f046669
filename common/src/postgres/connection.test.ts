import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { MisconfiguredError } from '../errors/errors.js';
import { readPostgresUrl } from './connection.js';

describe('the URL of a PostgreSQL store', () => {
  it('is read as libpq reads it, and named without user and password', () => {
    const tcp = readPostgresUrl('postgres://me:s%40crt@db.example:6000/irises?sslmode=disable', undefined);
    const { host, port, user, password, database, ssl } = tcp.config;
    assert.deepEqual(
      { host, port, user, password, database, ssl },
      { host: 'db.example', port: 6000, user: 'me', password: 's@crt', database: 'irises', ssl: false },
    );
    assert.equal(tcp.name, 'postgres://db.example:6000/irises');
    const socket = readPostgresUrl(
      'postgres:///irises?host=/run/pg&options=-c%20search_path%3Done&sslmode=require',
      undefined,
    );
    assert.equal(socket.config.host, '/run/pg');
    assert.equal(socket.config.options, '-c search_path=one');
    assert.equal(socket.config.ssl, false);
    assert.equal(socket.name, 'postgres:///irises?host=/run/pg');
  });

  it('asks for TLS as its sslmode says', () => {
    const tls = (mode: string) => readPostgresUrl(`postgres://h/d?sslmode=${mode}`, undefined).config.ssl;
    assert.equal(tls('disable'), false);
    assert.deepEqual({ ...(tls('require') as object) }, { rejectUnauthorized: false });
    assert.deepEqual({ ...(tls('verify-full') as object) }, {});
  });

  it('takes the password from a file, without its line break, each time anew', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'irispair-password-'));
    const file = join(directory, 'password');
    await writeFile(file, 'one\n');
    const { password } = readPostgresUrl('postgres://me@h/d', file).config;
    assert.ok(typeof password === 'function');
    assert.equal(await password(), 'one');
    await writeFile(file, ' two ');
    assert.equal(await password(), ' two ');
    await rm(directory, { recursive: true });
    await assert.rejects(
      () => Promise.resolve(password()),
      (error) => {
        assert.ok(error instanceof MisconfiguredError);
        assert.match(
          error.message,
          /IRISPAIR_STORE_PASSWORD_FILE=.*the password of .* cannot be read: ENOENT/,
        );
        return true;
      },
    );
  });

  it('is refused when a character cuts the password in two, and names no part of it', () => {
    for (const cut of ['12/cret', '12#cret', '12?cret', 'se/cret', 'se?cret', 'se#cret']) {
      assert.throws(
        () => readPostgresUrl(`postgres://me:${cut}@h/d`, undefined),
        (error) => {
          assert.ok(error instanceof MisconfiguredError, cut);
          assert.match(error.message, /cannot be read: write postgres:.*special characters as %XX/);
          assert.doesNotMatch(error.message, /cret|12/);
          return true;
        },
      );
      const { config } = readPostgresUrl(`postgres://me:${encodeURIComponent(cut)}@h/d`, undefined);
      assert.equal(config.password, cut);
    }
  });

  it('is refused with what is wrong, never with the password', () => {
    const wrong: [string, string | undefined, RegExp][] = [
      ['postgres://me:secret@h:port/d', undefined, /cannot be read: write postgres:/],
      ['postgres://me:secret@h/d?sslmode=maybe', undefined, /sslmode=maybe, give one of disable/],
      ['postgres://me:secret@h/d?sslmode=prefer', undefined, /sslmode=prefer, give one of disable/],
      ['postgres://me:secret@h/d?sslmode=verify-ca', undefined, /verify-ca needs sslrootcert/],
      ['postgres://me:secret@h/d?sslmode=verify-full&sslrootcert=/no/ca', undefined, /names \/no\/ca, which/],
      ['postgres://me:secret@h/d?sslmod=require', undefined, /unknown parameter sslmod,/],
      ['postgres://me:secret@h/d?connect_timeout=0', undefined, /connect_timeout=0, give seconds/],
      ['postgres://me@h/d', '/no/such/secret/file', /IRISPAIR_STORE_PASSWORD_FILE="\/no\/such/],
    ];
    for (const [url, file, message] of wrong) {
      assert.throws(
        () => readPostgresUrl(url, file),
        (error) => {
          assert.ok(error instanceof MisconfiguredError, url);
          assert.match(error.message, message);
          assert.doesNotMatch(error.message, /me:secret/);
          return true;
        },
      );
    }
  });
});
