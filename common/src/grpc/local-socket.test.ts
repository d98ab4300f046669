import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { z } from 'zod';
import { readEnvironment } from '../config/environment.js';
import { MisconfiguredError } from '../errors/errors.js';
import { connectionError, socketSetting } from './local-socket.js';

describe('the setting of a socket', () => {
  function read(path: string): string {
    return readEnvironment(z.object({ SOCKET: socketSetting() }), { SOCKET: path }).SOCKET;
  }

  it('takes what the kernel takes, counted in bytes', () => {
    for (const path of ['/run/iris.sock', `/${'x'.repeat(106)}`, `/${'é'.repeat(53)}`]) {
      assert.equal(read(path), path);
    }
  });

  it('is refused by its name, with the limit, when it does not fit a socket address or names a directory', () => {
    const refused: [string, RegExp][] = [
      [
        `/${'x'.repeat(107)}`,
        /^SOCKET="\/x+": the path .* takes 107 bytes at most, this one 108: choose a shorter/,
      ],
      [`/${'é'.repeat(54)}`, /107 bytes at most, this one 109/],
      ['/run/irispair/', /^SOCKET="\/run\/irispair\/": give the path of a Unix socket, not of a directory$/],
    ];
    for (const [path, message] of refused) {
      assert.throws(
        () => read(path),
        (error) => {
          assert.ok(error instanceof MisconfiguredError);
          assert.match(error.message, message);
          return true;
        },
      );
    }
  });
});

describe('a connection attempt', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'irispair-socket-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  it('finds who listens, and says why nobody can be reached', async () => {
    const path = join(directory, 's.sock');
    assert.equal((await connectionError(path))?.code, 'ENOENT');
    const server = createServer().listen(path);
    await once(server, 'listening');
    assert.equal(await connectionError(path), undefined);
    server.close();
    await writeFile(path, 'a file');
    assert.equal((await connectionError(path))?.code, 'ECONNREFUSED');
  });
});
