import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { MisconfiguredError } from '../errors/errors.js';
import { prepareSocketPath, removeSocket } from './local-socket.js';

describe('the socket path', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'irispair-socket-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  it('gets its directory', async () => {
    await prepareSocketPath(join(directory, 'a', 'b', 's.sock'));
    assert.ok(existsSync(join(directory, 'a', 'b')));
  });

  it('is refused when it does not fit a socket address', async () => {
    await assert.rejects(prepareSocketPath(join(directory, 'x'.repeat(108))), MisconfiguredError);
  });

  it('is refused when a file is in the way, which stays', async () => {
    const path = join(directory, 'file');
    await writeFile(path, 'precious');
    await assert.rejects(prepareSocketPath(path), /is not a socket/);
    assert.ok(existsSync(path));
  });

  it('is refused while a server listens on it', async () => {
    const path = join(directory, 's.sock');
    const server = createServer().listen(path);
    await once(server, 'listening');
    await assert.rejects(prepareSocketPath(path), /another server already listens/);
    server.close();
  });

  it('is freed of the socket that a killed server left', async () => {
    const path = join(directory, 's.sock');
    const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`;
    const server = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(server.stdout, 'data');
    server.kill('SIGKILL');
    await once(server, 'exit');
    assert.ok(existsSync(path));
    await prepareSocketPath(path);
    assert.equal(existsSync(path), false);
  });

  it('may be removed twice', async () => {
    await removeSocket(join(directory, 'none'));
  });
});
