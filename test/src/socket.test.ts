import assert from 'node:assert/strict';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, credentials } from '@grpc/grpc-js';
import { service as healthService } from 'grpc-health-check';
import { connectionError } from '@irispair/common/grpc/local-socket';
import { serialId } from '@irispair/common/ids/vector-id';
import { mountsRefused, withReadOnly } from '@irispair/common/support/mounts';
import { PATIENCE_MILLISECONDS } from '@irispair/common/support/patience';
import { until } from '@irispair/common/support/until';
import { PairClient } from 'irispair/client/pair-client';
import { freePort } from 'irispair/pair/free-port';
import { launchesIn, type User } from './support/other-user.js';
import { ServiceProcess, type Launch } from './support/service-process.js';

/** What both may do together: the group of the socket. */
const PAIR_GROUP = 61_010;
const IRIS_USER: User = { user: 61_001, groups: [61_001, PAIR_GROUP] };
const GRAPH_USER: User = { user: 61_002, groups: [61_002, PAIR_GROUP] };
const STRANGER: User = { user: 61_003, groups: [61_003] };
/** Longer than the graph service waits between two attempts to join, several times. */
const SEVERAL_ATTEMPTS_MILLISECONDS = 1_500;

describe('the socket between two processes', () => {
  let directory: string;
  let socket: string;
  let started: ServiceProcess[];
  let clients: PairClient[];
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'irispair-hop-'));
    await chmod(directory, 0o755);
    socket = join(directory, 'run', 'iris.sock');
    started = [];
    clients = [];
  });
  afterEach(async () => {
    for (const client of clients) client.close();
    for (const process of started) process.kill('SIGKILL');
    await Promise.all(started.map((process) => process.end()));
    await rm(directory, { recursive: true });
  });

  function start(
    service: 'iris' | 'graph',
    more: Readonly<Record<string, string>> = {},
    launch?: Launch,
  ): ServiceProcess {
    const environment = {
      IRISPAIR_PLACEMENT: 'off',
      IRISPAIR_HUGEPAGES: 'off',
      IRIS_STORE_INITIAL_CAPACITY: '64',
      IRISPAIR_IRIS_SOCKET: socket,
      IRISPAIR_IRIS_STORE: join(directory, 'iris'),
      IRISPAIR_GRAPH_STORE: join(directory, 'graph'),
      IRISPAIR_LISTEN: '127.0.0.1:1',
      ...more,
    };
    const process = new ServiceProcess(service, environment, [], launch);
    started.push(process);
    return process;
  }

  /** A graph service with a client of its own. */
  async function startGraph(
    more: Readonly<Record<string, string>> = {},
    launch?: Launch,
  ): Promise<{ graph: ServiceProcess; client: PairClient; listen: string }> {
    const listen = `127.0.0.1:${await freePort()}`;
    const graph = start('graph', { IRISPAIR_LISTEN: listen, ...more }, launch);
    const client = new PairClient(listen, PATIENCE_MILLISECONDS);
    clients.push(client);
    await until(`the graph service listens ${graph.complaint}`, () => says(graph, 'graph service listening'));
    return { graph, client, listen };
  }

  function says(process: ServiceProcess, message: string): boolean {
    return process.complaint.includes(message);
  }

  async function serving(process: ServiceProcess): Promise<void> {
    await until('the iris service serves', () => says(process, 'iris service serving'));
  }

  async function ready(client: PairClient): Promise<void> {
    await until('the pair is ready', async () => {
      const { ready: isReady, irisAway } = await client.status();
      return isReady && irisAway === '';
    });
  }

  /** Waits for the status to give a reason of this form. */
  async function reason(client: PairClient, form: RegExp): Promise<string> {
    let last = '';
    await until(`the status says ${String(form)}`, async () => {
      const { ready: isReady, irisAway } = await client.status();
      last = irisAway;
      return !isReady && form.test(irisAway);
    });
    return last;
  }

  it('is refused to both services at once when its path does not fit: code 2, the setting and the limit', async () => {
    const long = { IRISPAIR_IRIS_SOCKET: `/run/${'x'.repeat(100)}/iris.sock` };
    for (const service of ['iris', 'graph'] as const) {
      const process = start(service, long);
      assert.equal(await process.end(), 2, process.complaint);
      assert.match(
        process.complaint,
        new RegExp(
          `^${service} service: IRISPAIR_IRIS_SOCKET="/run/x+/iris\\.sock": the path of a Unix socket takes 107 bytes at most, this one 115: choose a shorter one\\n$`,
        ),
      );
    }
  });

  it('is refused to an iris service on a read-only volume or where a file is in the way; its store is not opened', async (test) => {
    await writeFile(join(directory, 'file'), 'precious');
    const inTheWay = start('iris', { IRISPAIR_IRIS_SOCKET: join(directory, 'file', 'iris.sock') });
    assert.equal(await inTheWay.end(), 2, inTheWay.complaint);
    assert.match(
      inTheWay.complaint,
      /^iris service: IRISPAIR_IRIS_SOCKET: .*file: a file is where a directory/m,
    );
    const cannotMount = mountsRefused();
    if (cannotMount === undefined) {
      const volume = join(directory, 'volume');
      await mkdir(volume);
      for (const path of [join(volume, 'iris.sock'), join(volume, 'below', 'iris.sock')]) {
        const launch = { command: withReadOnly(volume), place: (file: string) => file };
        const readOnly = start('iris', { IRISPAIR_IRIS_SOCKET: path }, launch);
        assert.equal(await readOnly.end(), 2, readOnly.complaint);
        assert.match(
          readOnly.complaint,
          /^iris service: IRISPAIR_IRIS_SOCKET: nothing can be written to .*volume.*: its volume is read-only: mount it writable/m,
        );
      }
    } else {
      test.diagnostic(`no read-only volume was tried: ${cannotMount}`);
    }
    assert.equal(existsSync(join(directory, 'iris')), false);
  });

  it('gets one iris service of several that start at once, whatever a killed one left', async () => {
    for (const round of [1, 2, 3]) {
      const contenders = [1, 2, 3, 4].map((index) =>
        start('iris', { IRISPAIR_IRIS_STORE: join(directory, `iris-${index}`) }),
      );
      const ended = await Promise.all(
        contenders.map(async (process) => {
          await until('it serves or is refused', () =>
            /serving|another iris service/.test(process.complaint),
          );
          return says(process, 'iris service serving') ? 'serves' : process.end();
        }),
      );
      assert.deepEqual(ended.toSorted(), [2, 2, 2, 'serves'], `round ${round}`);
      contenders.forEach((process, index) => {
        if (ended[index] !== 'serves') {
          assert.match(
            process.complaint,
            /^iris service: another iris service serves, or starts, on .*iris\.sock: stop it/m,
          );
        }
      });
      assert.equal(await connectionError(socket), undefined);
      const winner = contenders[ended.indexOf('serves')];
      winner.kill('SIGKILL');
      assert.equal(await winner.end(), 'SIGKILL');
      assert.equal((await connectionError(socket))?.code, 'ECONNREFUSED');
    }
  });

  it('is waited for by a graph service, which says once what is in the way', async () => {
    const { graph, client, listen } = await startGraph();
    await reason(client, /^there is no socket .*run\/iris\.sock: the iris service is not running/);
    await mkdir(join(directory, 'run'));
    const foreign = createServer().listen(socket);
    await once(foreign, 'listening');
    await chmod(socket, 0o666);
    foreign.close();
    await once(foreign, 'close');
    await writeFile(socket, 'a file');
    await reason(client, /^.*iris\.sock is not a socket: give the iris service's IRISPAIR_IRIS_SOCKET/);
    await sleep(SEVERAL_ATTEMPTS_MILLISECONDS);
    const told = graph.complaint
      .split('\n')
      .filter((line) => line.includes('not joined to the iris service'));
    assert.deepEqual(
      told.map((line) => /there is no socket|is not a socket/.exec(line)?.[0]),
      ['there is no socket', 'is not a socket'],
    );
    assert.equal(await health(listen), 'NOT_SERVING');
    await assert.rejects(
      client.delete(serialId(1)),
      /UNAVAILABLE: the iris service is away or still loading: try again; `Status` says why/,
    );
    await rm(socket);
    await serving(start('iris'));
    await ready(client);
    assert.equal(await health(listen), 'SERVING');
  });

  it('is shared by two users of one group; another user is refused, is told why, and joins once that is mended', async (test) => {
    if (process.getuid?.() !== 0) {
      test.diagnostic(
        'only root can start services as other users: the modes alone were seen, by owned-socket.test',
      );
      await serving(start('iris'));
      assert.equal(statSync(socket).mode & 0o7777, 0o660);
      return;
    }
    const launch = await launchesIn(directory);
    const homes = new Map<User, string>();
    for (const user of [IRIS_USER, GRAPH_USER, STRANGER]) {
      const home = join(directory, `home-${user.user}`);
      await mkdir(home, { mode: 0o700 });
      await chown(home, user.user, user.groups[0]);
      homes.set(user, home);
    }
    const irisHome = homes.get(IRIS_USER) ?? '';
    // Everybody may pass; the iris service makes the socket's own directory below.
    await chmod(irisHome, 0o711);
    socket = join(irisHome, 'run', 'iris.sock');
    const iris = start(
      'iris',
      { IRISPAIR_SOCKET_GROUP: String(PAIR_GROUP), IRISPAIR_IRIS_STORE: join(irisHome, 'iris') },
      launch(IRIS_USER),
    );
    await serving(iris);
    const ids = (path: string) => {
      const { mode, uid, gid } = statSync(path);
      return [mode & 0o7777, uid, gid];
    };
    assert.deepEqual(ids(socket), [0o660, IRIS_USER.user, PAIR_GROUP]);
    assert.deepEqual(ids(join(irisHome, 'run')), [0o750, IRIS_USER.user, PAIR_GROUP]);

    const graphOf = (user: User) =>
      startGraph({ IRISPAIR_GRAPH_STORE: join(homes.get(user) ?? '', 'graph') }, launch(user));
    const joined = await graphOf(GRAPH_USER);
    await ready(joined.client);

    const refused = await graphOf(STRANGER);
    const directoryReason = await reason(refused.client, /^permission denied: .* may not enter/);
    assert.ok(
      directoryReason.startsWith(
        `permission denied: user 61003 with group 61003 may not enter ${join(irisHome, 'run')} (mode 0750, user 61001, group ${PAIR_GROUP}) on the way to the socket ${socket}: give that directory a group`,
      ),
      directoryReason,
    );
    await chmod(join(irisHome, 'run'), 0o755);
    const socketReason = await reason(refused.client, /^permission denied: .* may not connect/);
    assert.equal(
      socketReason,
      `permission denied: user 61003 with group 61003 may not connect to the socket ${socket} (mode 0660, user 61001, group ${PAIR_GROUP}): ` +
        "run this service with the socket's group, or set the iris service's IRISPAIR_SOCKET_GROUP to a group that both services have",
    );
    assert.equal(await health(refused.listen), 'NOT_SERVING');
    await sleep(SEVERAL_ATTEMPTS_MILLISECONDS);
    assert.equal(
      refused.graph.complaint.split('may not connect to the socket').length,
      2,
      refused.graph.complaint,
    );
    await chmod(socket, 0o666);
    await ready(refused.client);
    assert.equal(await health(refused.listen), 'SERVING');

    iris.kill('SIGTERM');
    assert.equal(await iris.end(), 0, iris.complaint);
    assert.deepEqual(readdirSync(join(irisHome, 'run')), []);
  });
});

async function health(listen: string): Promise<unknown> {
  const client = new Client(listen, credentials.createInsecure());
  try {
    const { path, requestSerialize, responseDeserialize } = healthService.Check;
    return await new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        { service: '' },
        (error, response) => {
          if (error === null) resolve((response as { status: unknown }).status);
          else reject(error);
        },
      );
    });
  } finally {
    client.close();
  }
}
