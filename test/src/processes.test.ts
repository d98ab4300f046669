import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Script } from '@irispair/common/support/script';
import { until } from '@irispair/common/support/until';
import { freePort } from 'irispair/pair/free-port';
import { entryOf, ServiceProcess } from './support/service-process.js';

describe('a service as a process', () => {
  let directory: string;
  let environment: Record<string, string>;
  let started: ServiceProcess[];
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'irispair-process-'));
    started = [];
    environment = {
      IRISPAIR_PLACEMENT: 'off',
      IRISPAIR_HUGEPAGES: 'off',
      IRIS_STORE_INITIAL_CAPACITY: '64',
      IRISPAIR_IRIS_SOCKET: join(directory, 'iris.sock'),
      IRISPAIR_IRIS_STORE: join(directory, 'iris'),
      IRISPAIR_GRAPH_STORE: join(directory, 'graph'),
      IRISPAIR_LISTEN: `127.0.0.1:${await freePort()}`,
    };
  });
  afterEach(async () => {
    for (const process of started) process.kill('SIGKILL');
    await Promise.all(started.map((process) => process.end()));
    await rm(directory, { recursive: true });
  });

  function start(
    service: 'iris' | 'graph',
    more: Readonly<Record<string, string>> = {},
    args: readonly string[] = [],
  ): ServiceProcess {
    const process = new ServiceProcess(service, { ...environment, ...more }, args);
    started.push(process);
    return process;
  }

  function serving(process: ServiceProcess): Promise<void> {
    return until('it serves', () => /iris service serving|graph service listening/.test(process.complaint));
  }

  it('does not start with wrong settings: code 2, each by name with what it may hold', async () => {
    const wrong: ['iris' | 'graph', Record<string, string>, string][] = [
      [
        'iris',
        { IRISPAIR_HUGEPAGES: 'maybe' },
        'iris service: IRISPAIR_HUGEPAGES="maybe": give one of require, prefer, off\n',
      ],
      [
        'iris',
        { IRIS_STORE_INITIAL_CAPACITY: 'many', IRISPAIR_PLACEMENT_STRICT: 'yes' },
        'iris service: IRISPAIR_PLACEMENT_STRICT="yes": give one of 0, 1; ' +
          'IRIS_STORE_INITIAL_CAPACITY="many": give an integer from 1 to 4294967294\n',
      ],
      [
        'graph',
        { IRISPAIR_INDEX: 'magic' },
        'graph service: IRISPAIR_INDEX="magic": give one of hnsw, exact, auto\n',
      ],
      [
        'graph',
        { IRISPAIR_THRESHOLD: '0.5' },
        'graph service: IRISPAIR_THRESHOLD="0.5": give a number above 0 and below 0.5\n',
      ],
      [
        'graph',
        { IRISPAIR_AUDIT_SHARE: '1.01' },
        'graph service: IRISPAIR_AUDIT_SHARE="1.01": give a number from 0 to 1\n',
      ],
      [
        'graph',
        { IRISPAIR_AUDIT_SHARE: '1 %' },
        'graph service: IRISPAIR_AUDIT_SHARE="1 %": give a number from 0 to 1\n',
      ],
    ];
    for (const [service, more, complaint] of wrong) {
      const process = start(service, more);
      assert.deepEqual([await process.end(), process.complaint], [2, complaint]);
    }
  });

  it('takes its store from the command line, and refuses what it does not know there', async () => {
    for (const service of ['iris', 'graph'] as const) {
      const store = join(directory, `${service}-elsewhere`);
      const process = start(service, {}, ['--store', store]);
      await serving(process);
      assert.ok(existsSync(join(store, 'data.mdb')));
      assert.equal(existsSync(join(directory, service)), false);
      const wrong = start(service, {}, ['--stores', store]);
      assert.deepEqual(await wrong.end(), 2);
      assert.match(wrong.complaint, /^\w+ service: Unknown option '--stores'.*it takes --store \.\.\./);
    }
  });

  it('does not start on a socket, a store or an address that another one has: code 2 and which', async () => {
    const first = { iris: start('iris'), graph: start('graph') };
    await serving(first.iris);
    await serving(first.graph);
    const other = {
      IRISPAIR_IRIS_STORE: join(directory, 'other'),
      IRISPAIR_GRAPH_STORE: join(directory, 'other'),
    };
    const taken: ['iris' | 'graph', Record<string, string>, RegExp][] = [
      ['iris', other, /^iris service: another iris service serves, or starts, on .*iris\.sock/m],
      [
        'iris',
        { IRISPAIR_IRIS_SOCKET: join(directory, 'other.sock') },
        /^iris service: the store in .*iris is in use by another service/m,
      ],
      ['graph', other, /^graph service: cannot listen on 127\.0\.0\.1:\d+.* choose another IRISPAIR_LISTEN/m],
      ['graph', {}, /^graph service: the store in .*graph is in use by another service/m],
    ];
    for (const [service, more, complaint] of taken) {
      const process = start(service, more);
      assert.equal(await process.end(), 2, process.complaint);
      assert.match(process.complaint, complaint);
    }
    for (const process of [first.graph, first.iris]) {
      process.kill('SIGTERM');
      assert.equal(await process.end(), 0, process.complaint);
    }
    assert.equal(existsSync(join(directory, 'iris.sock')), false);
  });

  it('answers who watches before it serves: what runs, that it is not ready, and why', async () => {
    for (const service of ['graph', 'iris'] as const) {
      const http = `127.0.0.1:${await freePort()}`;
      const process = start(service, { IRISPAIR_HTTP_LISTEN: http });
      await until('it answers', async () => (await ask(http, '/healthz')).code === 200);
      const first = await ask(http, '/metrics');
      assert.equal(first.code, 200);
      assert.match(first.body, /^irispair_build_info\{.*\} 1$/m);
      if (service === 'graph') {
        await until('it waits for the iris service', async () => {
          const { code, body } = await ask(http, '/readyz');
          return code === 503 && body.includes('iris service') && body.includes('iris.sock');
        });
        assert.match((await ask(http, '/metrics')).body, /^irispair_ready 0$/m);
      } else {
        await until('it is ready', async () => (await ask(http, '/readyz')).code === 200);
        assert.match((await ask(http, '/metrics')).body, /^irispair_ready 1$/m);
      }
      const other = start(service, {
        IRISPAIR_HTTP_LISTEN: http,
        IRISPAIR_IRIS_SOCKET: join(directory, 'x'),
      });
      assert.equal(await other.end(), 2, other.complaint);
      assert.match(
        other.complaint,
        new RegExp(`service: IRISPAIR_HTTP_LISTEN=${http}: cannot listen there .* choose another address`),
      );
      process.kill('SIGTERM');
      assert.equal(await process.end(), 0, process.complaint);
      assert.equal((await ask(http, '/healthz')).code, 0);
    }
  });

  it('starts where a killed one left its socket', async () => {
    const killed = start('iris');
    await serving(killed);
    killed.kill('SIGKILL');
    assert.equal(await killed.end(), 'SIGKILL');
    assert.ok(existsSync(join(directory, 'iris.sock')));
    await serving(start('iris'));
  });

  it('stops in order when its parent is killed', async () => {
    const parent = new Script(
      `
      import { spawn } from 'node:child_process';
      const child = spawn(process.execPath, [${JSON.stringify(entryOf('iris'))}], {
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { ...process.env, IRISPAIR_EXIT_WITH_PARENT: String(process.pid), IRISPAIR_STORE_CREATE: '1' },
      });
      let log = '';
      child.stderr.on('data', (text) => {
        log += text;
        if (log.includes('iris service serving')) console.log(child.pid);
      });`,
      environment,
    );
    await until('the child serves', () => parent.lines.length > 0 || parent.complaint !== '');
    assert.equal(parent.complaint, '');
    const child = Number(parent.lines[0]);
    assert.ok(runs(child));
    parent.kill('SIGKILL');
    assert.equal(await parent.end(), 'SIGKILL');
    await until('the child is gone', () => !runs(child));
    assert.equal(existsSync(join(directory, 'iris.sock')), false);
  });
});

/** Whether a process runs; one that has ended may still wait to be collected. */
function runs(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** An answer, or code 0 while nobody listens. */
async function ask(http: string, path: string): Promise<{ code: number; body: string }> {
  try {
    const answer = await fetch(`http://${http}${path}`);
    return { code: answer.status, body: await answer.text() };
  } catch (error) {
    if (error instanceof TypeError) return { code: 0, body: '' };
    throw error;
  }
}
