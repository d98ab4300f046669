import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Script } from '../support/script.js';
import { WHO, WITHOUT_ROOT } from '../support/unprivileged.js';
import { socketTrouble } from './socket-trouble.js';

describe('what keeps a client from a socket', () => {
  let directory: string;
  let inner: string;
  let path: string;
  let server: Server | undefined;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'irispair-trouble-'));
    await chmod(directory, 0o755);
    inner = join(directory, 'inner');
    await mkdir(inner, { mode: 0o755 });
    path = join(inner, 's.sock');
    server = undefined;
  });
  afterEach(async () => {
    server?.close();
    await chmod(inner, 0o755);
    await rm(directory, { recursive: true });
  });

  async function listen(mode: number): Promise<void> {
    server = createServer((connection) => connection.destroy()).listen(path);
    await once(server, 'listening');
    await chmod(path, mode);
  }

  /** As a user sees it who owns nothing, or who may not do what the mode forbids. */
  async function seenWithoutRoot(): Promise<string> {
    const module = JSON.stringify(import.meta.resolve('./socket-trouble.js'));
    const script = new Script(`
      import { socketTrouble } from ${module};
      ${WITHOUT_ROOT}
      console.log(await socketTrouble(${JSON.stringify(path)}));`);
    assert.equal(await script.end(), 0, script.complaint);
    return script.lines.join('\n');
  }

  it('is nothing where a server takes connections', async () => {
    await listen(0o666);
    assert.equal(await socketTrouble(path), undefined);
    assert.equal(await seenWithoutRoot(), 'undefined');
  });

  it('is that there is no socket, with where to look', async () => {
    assert.equal(
      await socketTrouble(path),
      `there is no socket ${path}: the iris service is not running, still loads, or has another IRISPAIR_IRIS_SOCKET`,
    );
  });

  it('is that nobody listens, or that the path is no socket', async () => {
    const script = new Script(`
      import { createServer } from 'node:net';
      createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'));`);
    assert.equal(await script.end(), 'SIGKILL');
    assert.match(
      String(await socketTrouble(path)),
      /^nobody listens on the socket .*s\.sock: the iris service/,
    );
    await rm(path);
    await writeFile(path, 'a file');
    assert.match(
      String(await socketTrouble(path)),
      /s\.sock is not a socket: give the iris service's IRISPAIR_IRIS_SOCKET/,
    );
  });

  it('is the permission of the socket: who asks, who may, and the remedy', async () => {
    await listen(0o000);
    assert.match(
      await seenWithoutRoot(),
      new RegExp(
        `^permission denied: ${WHO} may not connect to the socket ${path} \\(mode 0000, user ${process.getuid?.() ?? ''}, group \\d+\\): ` +
          "run this service with the socket's group, or set the iris service's IRISPAIR_SOCKET_GROUP to a group that both",
      ),
    );
  });

  it('is the first directory on the way that is closed', async () => {
    await listen(0o666);
    await chmod(inner, 0o600);
    assert.match(
      await seenWithoutRoot(),
      new RegExp(
        `^permission denied: ${WHO} may not enter ${inner} \\(mode 0600, user \\d+, group \\d+\\) on the way to the socket ${path}: ` +
          'give that directory a group',
      ),
    );
  });

  it('is what the kernel says where nothing of this fits', async () => {
    await writeFile(path, 'a file');
    assert.match(
      String(await socketTrouble(join(path, 'below.sock'))),
      /^the socket .*below\.sock cannot be reached: connect ENOTDIR/,
    );
  });
});
