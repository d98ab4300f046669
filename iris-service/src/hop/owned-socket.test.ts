import assert from 'node:assert/strict';
import { once } from 'node:events';
import { lstatSync, readdirSync, statSync } from 'node:fs';
import { chmod, mkdtemp, mkdir, rm, unlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { MisconfiguredError } from '@irispair/common/errors/errors';
import { connectionError, LONGEST_SOCKET_PATH } from '@irispair/common/grpc/local-socket';
import { Script } from '@irispair/common/support/script';
import { WITHOUT_ROOT } from '@irispair/common/support/unprivileged';
import { OwnedSocket } from './owned-socket.js';

/** A group of no meaning, where this user may give any away; else one that this user has. */
const OTHER_GROUP = process.getuid?.() === 0 ? 61_010 : (process.getgroups?.().at(-1) ?? 0);

describe('the socket that one service owns', () => {
  let directory: string;
  let path: string;
  let claimed: OwnedSocket[];
  let servers: Server[];
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'irispair-owned-'));
    path = join(directory, 'iris.sock');
    claimed = [];
    servers = [];
  });
  afterEach(async () => {
    for (const server of servers) server.close();
    for (const socket of claimed) await socket.release();
    await rm(directory, { recursive: true });
  });

  async function claim(at = path, group?: string): Promise<OwnedSocket> {
    const socket = await OwnedSocket.claim(at, group);
    claimed.push(socket);
    return socket;
  }

  async function listen(target: string): Promise<Server> {
    const server = createServer((connection) => connection.destroy()).listen(target.replace('unix:', ''));
    await once(server, 'listening');
    servers.push(server);
    return server;
  }

  async function serve(socket: OwnedSocket): Promise<void> {
    await listen(socket.privateTarget);
    await socket.publish();
  }

  function isRefused(message: RegExp) {
    return (error: unknown) => {
      assert.ok(error instanceof MisconfiguredError, String(error));
      assert.match(error.message, message);
      return true;
    };
  }

  it('can be reached by its group alone, and by nobody before it has that group', async () => {
    const socket = await claim(path, String(OTHER_GROUP));
    await listen(socket.privateTarget);
    assert.equal((await connectionError(path))?.code, 'ENOENT');
    assert.equal(statSync(join(directory, '.iris.sock.private')).mode & 0o777, 0o700);
    await socket.publish();
    const { mode, gid } = statSync(path);
    assert.deepEqual([mode & 0o7777, gid], [0o660, OTHER_GROUP]);
    assert.equal(await connectionError(path), undefined);
  });

  it('belongs to the group of its service when no other is named', async () => {
    await serve(await claim());
    assert.deepEqual([statSync(path).mode & 0o7777, statSync(path).gid], [0o660, process.getegid?.()]);
  });

  it('lies in a directory made for the group; one that exists stays as it is', async () => {
    const [made, inner] = [join(directory, 'made'), join(directory, 'made', 'inner')];
    await claim(join(inner, 'iris.sock'), String(OTHER_GROUP));
    for (const one of [made, inner]) {
      assert.deepEqual([statSync(one).mode & 0o7777, statSync(one).gid], [0o750, OTHER_GROUP]);
    }
    await chmod(directory, 0o711);
    await claim(path, String(OTHER_GROUP));
    assert.deepEqual(
      [statSync(directory).mode & 0o7777, statSync(directory).gid],
      [0o711, process.getegid?.()],
    );
  });

  it('may have the longest path that the kernel takes', async () => {
    const longest = join(directory, 'x'.repeat(LONGEST_SOCKET_PATH - directory.length - 1));
    assert.equal(longest.length, LONGEST_SOCKET_PATH);
    await serve(await claim(longest));
    assert.equal(await connectionError(longest), undefined);
  });

  it('leaves nothing behind when it is released, used or not', async () => {
    for (const use of [serve, () => Promise.resolve()]) {
      const socket = await OwnedSocket.claim(path, undefined);
      await use(socket);
      for (const server of servers.splice(0)) {
        server.close();
        await once(server, 'close');
      }
      await socket.release();
      assert.deepEqual(readdirSync(directory), []);
    }
  });

  it('has one owner of many that claim it at once', async () => {
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => claim()));
    const refusals = results.filter((result) => result.status === 'rejected');
    assert.equal(refusals.length, 7);
    for (const { reason } of refusals) {
      isRefused(
        /^another iris service serves, or starts, on .*iris\.sock: stop it, or choose another IRISPAIR_IRIS/,
      )(reason);
    }
    await serve(claimed[0]);
    assert.equal(await connectionError(path), undefined);
  });

  it('is not taken from a server that listens there without owning it, early or late', async () => {
    const early = await listen(path);
    await assert.rejects(claim(), isRefused(/^another server already listens on .*iris\.sock: stop it/));
    assert.equal(await connectionError(path), undefined);
    assert.deepEqual(readdirSync(directory), ['iris.sock']);
    early.close();
    await once(early, 'close');
    const socket = await claim();
    await listen(socket.privateTarget);
    await listen(path);
    await assert.rejects(socket.publish(), isRefused(/^another server already listens on/));
    await socket.release();
    claimed.pop();
    assert.equal(await connectionError(path), undefined);
  });

  it('is not removed when another server took its path', async () => {
    await serve(await claim());
    await unlink(path);
    await listen(path);
    const { ino } = lstatSync(path);
    await claimed[0].release();
    claimed.pop();
    assert.equal(lstatSync(path).ino, ino);
  });

  it('takes over what a killed one left, wherever it was killed', async () => {
    const module = JSON.stringify(import.meta.resolve('./owned-socket.js'));
    const steps = ['', 'await listening();', 'await listening(); await socket.publish();'];
    for (const step of steps) {
      const script = new Script(`
        import { createServer } from 'node:net';
        import { OwnedSocket } from ${module};
        const socket = await OwnedSocket.claim(${JSON.stringify(path)}, undefined);
        const listening = () => new Promise((resolve) =>
          createServer().listen(socket.privateTarget.replace('unix:', ''), resolve));
        ${step}
        process.kill(process.pid, 'SIGKILL');`);
      assert.equal(await script.end(), 'SIGKILL', script.complaint);
      assert.deepEqual(readdirSync(directory).includes('iris.sock'), step === steps[2]);
    }
    await serve(await claim());
    assert.equal(await connectionError(path), undefined);
  });

  it('is refused where a file is in the way of it or of its directory; the file stays', async () => {
    await writeFile(path, 'precious');
    await assert.rejects(
      claim(),
      isRefused(/^IRISPAIR_IRIS_SOCKET: .*iris\.sock exists and is not a socket: remove it/),
    );
    await assert.rejects(
      claim(join(path, 'iris.sock')),
      isRefused(
        /^IRISPAIR_IRIS_SOCKET: nothing can be written to .*iris\.sock: a file is where a directory should be/,
      ),
    );
    assert.deepEqual(readdirSync(directory), ['iris.sock']);
  });

  it('is refused for a group that this service is not in; what was made for it is gone', async () => {
    await chmod(directory, 0o777);
    const within = join(directory, 'made', 'inner', 'iris.sock');
    const module = JSON.stringify(import.meta.resolve('./owned-socket.js'));
    const script = new Script(`
      import { OwnedSocket } from ${module};
      ${WITHOUT_ROOT}
      const groups = [process.getegid(), ...process.getgroups()];
      const foreign = String(Math.max(...groups) + 1);
      for (const path of ${JSON.stringify([path, within])}) {
        await OwnedSocket.claim(path, foreign).catch((error) => console.log(error.name, error.message));
      }`);
    assert.equal(await script.end(), 0, script.complaint);
    assert.equal(script.lines.length, 2);
    for (const line of script.lines) {
      assert.match(
        line,
        /^MisconfiguredError IRISPAIR_SOCKET_GROUP: group \d+ cannot be given to the socket: user \d+ with groups? .* is not in it: run the iris service with that group/,
      );
    }
    assert.deepEqual(readdirSync(directory), []);
    await assert.rejects(
      claim(path, 'no-such-group'),
      isRefused(/^IRISPAIR_SOCKET_GROUP="no-such-group": this machine/),
    );
  });

  it('is refused where it cannot be owned: what another user left, or a lock that is none', async () => {
    await mkdir(`${path}.lock`);
    await assert.rejects(
      claim(),
      isRefused(
        /^IRISPAIR_IRIS_SOCKET: the socket .*iris\.sock cannot be owned: lock .*\.lock: Is a directory: give/,
      ),
    );
  });

  it('is refused where another user left or serves a socket, which stays', async () => {
    await chmod(directory, 0o777);
    await listen(path);
    await chmod(path, 0o000);
    const module = JSON.stringify(import.meta.resolve('./owned-socket.js'));
    const script = new Script(`
      import { OwnedSocket } from ${module};
      ${WITHOUT_ROOT}
      await OwnedSocket.claim(${JSON.stringify(path)}, undefined).catch((error) => console.log(error.name, error.message));`);
    assert.equal(await script.end(), 0, script.complaint);
    assert.match(
      script.lines.join(),
      /^MisconfiguredError IRISPAIR_IRIS_SOCKET: whether another server listens on .*iris\.sock cannot be told \(connect EACCES .*\): stop it, or remove the socket when nobody does$/,
    );
    assert.deepEqual(readdirSync(directory), ['iris.sock']);
  });
});
