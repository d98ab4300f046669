import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { connectionError } from './local-socket.js';

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
