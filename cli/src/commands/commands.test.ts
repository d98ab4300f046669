import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { once } from 'node:events';
import { mountsRefused, withReadOnly } from '@irispair/common/support/mounts';
import { until } from '@irispair/common/support/until';
import { freePort, freePorts } from '../pair/free-port.js';
import { COMMAND, irispair } from '../support/run-command.js';

const GRAPH_HEALTH = fileURLToPath(import.meta.resolve('@irispair/graph-service/health'));
/** Proxies that nobody listens at: what stays on this machine does not go there. */
const NOWHERE = {
  http_proxy: 'http://127.0.0.1:9',
  https_proxy: 'http://127.0.0.1:9',
  grpc_proxy: 'http://127.0.0.1:9',
};
const VECTORS = fileURLToPath(new URL('../../../test/vectors/iris-vectors.json.gz', import.meta.url));

describe('the command line, offline', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'irispair-cli-'));
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });

  it('compares as the published vectors say', async () => {
    interface Eye {
      id: string;
      iris_codes: string;
      mask_codes: string;
    }
    const vectors = JSON.parse(gunzipSync(readFileSync(VECTORS)).toString()) as {
      templates: Eye[];
      pairs: (Record<string, unknown> & { probe: string; gallery: string })[];
    };
    const file = (id: string) => {
      const path = join(directory, `${id}.ndjson`);
      const eye = vectors.templates.find((one) => one.id === id);
      writeFileSync(path, `${JSON.stringify({ id, left: eye, right: eye })}\n`);
      return path;
    };
    for (const pair of [...vectors.pairs.slice(0, 3), ...vectors.pairs.slice(-3)]) {
      const { code, output } = await irispair([
        'compare',
        file(pair.probe),
        file(pair.gallery),
        '--side',
        'right',
        '--json',
      ]);
      assert.equal(code, 0);
      const { by_shift, min11, min31, mirrored_probe_by_shift } = pair;
      assert.deepEqual(JSON.parse(output), { by_shift, min11, min31, mirrored_probe_by_shift });
    }
  });

  it('generates the same people for the same seed', async () => {
    const first = await irispair(['generate', '--people', '2', '--seed', 's']);
    const second = await irispair(['generate', '--people', '2', '--seed', 's']);
    assert.equal(first.output, second.output);
    assert.equal(first.output.trim().split('\n').length, 2);
  });

  it('examines the machine', async () => {
    const { output } = await irispair(['doctor', '--json']);
    const findings = JSON.parse(output) as { what: string; fitness: string }[];
    for (const what of ['Node.js', 'distance kernel', 'NUMA nodes', 'hugetlbfs', 'binding memory']) {
      assert.ok(findings.some((finding) => finding.what === what));
    }
  });

  it('says how it is used, with an example each', async () => {
    for (const command of [
      'up',
      'generate',
      'enroll',
      'search',
      'verify',
      'reauthenticate',
      'delete',
      'get',
      'share',
      'compare',
      'export',
      'import',
      'copy',
      'status',
      'placement',
      'doctor',
      'advise',
    ]) {
      const { code, output } = await irispair([command, '--help']);
      assert.equal(code, 0);
      assert.match(output, /Examples?:/);
    }
    assert.equal((await irispair(['enrol'])).code, 2);
  });

  it('says when no service answers', async () => {
    const { code, errors } = await irispair(['status', '--server', `127.0.0.1:${await freePort()}`]);
    assert.equal(code, 3);
    assert.match(errors, /no graph service answers \(.*ECONNREFUSED.*\): start one/);
    const unknown = await irispair(['status', '--server', 'no-such-host.invalid:1']);
    assert.equal(unknown.code, 3);
    assert.match(unknown.errors, /no graph service answers \(Name resolution failed.*no-such-host\.invalid/);
  });

  it('reaches other machines through the proxy of the environment, and through none where no_proxy says so', async () => {
    const asked: string[] = [];
    const proxy = createHttpServer().on('connect', ({ url }, socket) => {
      asked.push(url ?? '');
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const environment = { http_proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` };
    const args = ['status', '--server', 'remote.invalid:50051'];
    assert.equal((await irispair(args, '', environment)).code, 3);
    assert.deepEqual([...new Set(asked)], ['remote.invalid:50051']);
    asked.length = 0;
    assert.equal((await irispair(args, '', { ...environment, no_proxy: 'remote.invalid' })).code, 3);
    assert.deepEqual(asked, []);
    proxy.close();
  });

  it('refuses an address of the service that is none, and takes it from neither option nor environment', async () => {
    for (const [args, environment] of [
      [['status', '--server', 'http://127.0.0.1:1'], {}],
      [['placement', '--server', ''], {}],
      [['recall', '--server', '127.0.0.1'], {}],
      [['status'], { IRISPAIR_SERVER: '127.0.0.1:1/' }],
    ] as const) {
      const { code, errors } = await irispair([...args], '', environment);
      assert.equal(code, 2, errors);
      assert.match(errors, /server: "[^"]*" .*: give HOST:PORT, such as/);
    }
  });

  it('takes one pair or three parties, and shares of a file or captures', async () => {
    const wrong: [string[], RegExp][] = [
      [['--parties', 'a:1,b:2'], /--parties.*give the addresses of three graph services, party 0 first/],
      [['--parties', 'a:1,b:2,c:3', '--server', 'd:4'], /--parties and --server: give one of them/],
      [
        ['--parties', 'a:1,b:2,c:3', '--share', 'x'],
        /--share and --parties: a file of shares goes to one party/,
      ],
      [['file', '--share', 'x'], /--share and file: give one of them/],
    ];
    for (const [args, problem] of wrong) {
      const { code, errors } = await irispair(['enroll', ...args]);
      assert.equal(code, 2);
      assert.match(errors, problem);
    }
  });

  it('says which party does not answer', async () => {
    const [first, second, third] = await freePorts(3);
    const addresses = [first, second, third].map((port) => `127.0.0.1:${port}`).join(',');
    for (const args of [['status'], ['delete', '1']]) {
      const { code, errors } = await irispair([...args, '--parties', addresses]);
      assert.equal(code, 3);
      for (const port of [first, second, third]) assert.match(errors, new RegExp(`127\\.0\\.0\\.1:${port}`));
    }
  });

  it('shares captures into a file for each party, or leaves none', async () => {
    const out = join(directory, 'shares');
    const people = (await irispair(['generate', '--people', '2'])).output;
    assert.equal((await irispair(['share', '-', '--out', out], people)).code, 0);
    const files = ['party-0.ndjson', 'party-1.ndjson', 'party-2.ndjson'];
    assert.deepEqual(readdirSync(out).sort(), files);
    const requests = files.map((name) => {
      assert.equal(statSync(join(out, name)).mode & 0o777, 0o600);
      const lines = readFileSync(join(out, name), 'utf8').trim().split('\n');
      return lines.map((line) => {
        const { id, request_id: requestId, digests } = JSON.parse(line) as Record<string, unknown>;
        return { id, requestId, digests };
      });
    });
    assert.deepEqual(
      requests[0].map(({ id }) => id),
      ['person-0', 'person-1'],
    );
    assert.deepEqual([requests[1], requests[2]], [requests[0], requests[0]]);

    const again = await irispair(['share', '-', '--out', out], people);
    assert.equal(again.code, 1);
    assert.match(again.errors, /--out: .*party-0\.ndjson is there already/);
    assert.deepEqual(readdirSync(out).sort(), files);

    const none = join(directory, 'no-shares');
    const bad = await irispair(['share', '-', '--out', none], `${people}{"id":"x"}\n`);
    assert.equal(bad.code, 1);
    assert.match(bad.errors, /-:3: left: missing/);
    assert.deepEqual(readdirSync(none), []);
  });

  it('says when a file is missing', async () => {
    const { code, errors } = await irispair(['compare', join(directory, 'none'), join(directory, 'none')]);
    assert.equal(code, 1);
    assert.match(errors, /ENOENT/);
  });
});

describe('`up`', () => {
  it('refuses addresses that somebody listens on, that two options name or that are none, by option', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const used = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const free = `127.0.0.1:${await freePort()}`;
    const directory = mkdtempSync(join(tmpdir(), 'irispair-cli-'));
    const wrong: [options: string[], complaint: string][] = [
      [['--listen', used], `--listen: somebody listens on ${used} already: choose another address`],
      [
        ['--listen', free, '--http-graph', used],
        `--http-graph: somebody listens on ${used} already: choose another address`,
      ],
      [
        ['--listen', free, '--http-iris', free],
        `--listen and --http-iris both name ${free}: choose another address for one`,
      ],
      [['--listen', '50051'], '--listen 50051: give HOST:PORT, the port from 0 to 65535'],
      [
        ['--listen', free, '--http-graph', '127.0.0.1:99999'],
        '--http-graph 127.0.0.1:99999: give HOST:PORT, the port from 0 to 65535',
      ],
    ];
    for (const [options, complaint] of wrong) {
      const { code, errors } = await irispair(['up', '--data', directory, ...options]);
      assert.deepEqual([code, errors], [1, `${complaint}\n`]);
    }
    server.close();
    rmSync(directory, { recursive: true });
  });

  it('refuses a store by a name that may be an address, without its password, and makes nothing', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'irispair-cli-'));
    for (const option of ['--iris-store', '--graph-store']) {
      const place = [option, 'jdbc:postgresql://me:secret@h/d'];
      const { code, errors } = await irispair(['up', '--data', join(directory, 'data'), ...place]);
      assert.equal(code, 1);
      assert.match(
        errors,
        new RegExp(`^${option} begins with "jdbc:", as an address .*: give postgres://USER@HOST`),
      );
      assert.doesNotMatch(errors, /secret/);
    }
    assert.deepEqual(readdirSync(directory), []);
    rmSync(directory, { recursive: true });
  });

  it('begins no empty store where a graph is without one, unless it is told to', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'irispair-cli-'));
    mkdirSync(join(directory, 'graph'));
    writeFileSync(join(directory, 'graph', 'data.mdb'), 'of people');
    const { code, output } = await irispair([
      'up',
      '--data',
      directory,
      '--listen',
      `127.0.0.1:${await freePort()}`,
    ]);
    assert.equal(code, 2);
    assert.match(output, /there is no iris store in .*iris: correct IRISPAIR_IRIS_STORE, .* give --create/);
    assert.equal(readdirSync(directory).includes('iris'), false);
    rmSync(directory, { recursive: true });
  });

  it('refuses one address for a port of two services, and names what to use', async () => {
    for (const [setting, remedy] of [
      ['IRISPAIR_HTTP_LISTEN', 'use --http-graph and --http-iris'],
      ['IRISPAIR_PROBE_LISTEN', 'probe --listen'],
    ]) {
      const { code, errors } = await irispair(['up'], '', { [setting]: '127.0.0.1:9464' });
      assert.equal(code, 1);
      assert.match(errors, new RegExp(`${setting} names one address.*${remedy}`));
    }
  });

  it('refuses a directory whose path is too long for the socket in it, and makes nothing', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'irispair-cli-'));
    const data = join(directory, 'x'.repeat(98 - directory.length));
    const { code, errors } = await irispair([
      'up',
      '--data',
      data,
      '--listen',
      `127.0.0.1:${await freePort()}`,
    ]);
    assert.equal(code, 1);
    assert.match(
      errors,
      /the path of the pair's directory takes 97 bytes at most, since it holds a Unix socket; this one takes 99: choose a shorter one than \//,
    );
    assert.deepEqual(readdirSync(directory), []);
    rmSync(directory, { recursive: true });
  });

  it('refuses a directory that it cannot make or write, by name with the reason', async (test) => {
    const directory = mkdtempSync(join(tmpdir(), 'irispair-cli-'));
    writeFileSync(join(directory, 'file'), 'precious');
    const argumentsFor = async (data: string) => [
      'up',
      '--data',
      data,
      '--listen',
      `127.0.0.1:${await freePort()}`,
    ];
    const inTheWay = await irispair(await argumentsFor(join(directory, 'file')));
    assert.equal(inTheWay.code, 1);
    assert.match(
      inTheWay.errors,
      /^--data: nothing can be written to .*file: a file is where a directory should be/m,
    );
    const cannotMount = mountsRefused();
    if (cannotMount === undefined) {
      for (const data of [directory, join(directory, 'below')]) {
        const [command, ...args] = [
          ...withReadOnly(directory),
          process.execPath,
          COMMAND,
          ...(await argumentsFor(data)),
        ];
        const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
        assert.equal(status, 1);
        assert.match(
          stderr,
          /^--data: nothing can be written to .*: its volume is read-only: mount it writable, or choose/m,
        );
      }
    } else {
      test.diagnostic(`no read-only volume was tried: ${cannotMount}`);
    }
    assert.deepEqual(readdirSync(directory), ['file']);
    rmSync(directory, { recursive: true });
  });

  it('stops, and starts nothing again, when a service cannot run as configured', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'irispair-cli-'));
    const args = ['up', '--data', directory, '--listen', `127.0.0.1:${await freePort()}`];
    const { code, output, errors } = await irispair(args, '', { IRISPAIR_HUGEPAGES: 'maybe' });
    assert.equal(code, 2);
    assert.match(output, /IRISPAIR_HUGEPAGES="maybe": give one of require, prefer, off/);
    assert.match(errors, /the iris service cannot run as configured/);
    assert.deepEqual(
      readdirSync(directory).filter((name) => name.endsWith('.sock')),
      [],
    );
    rmSync(directory, { recursive: true });
  });
});

describe('the command line, with a pair', () => {
  it('enrols, searches, verifies, deletes; tells bad lines; stops without a trace', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'irispair-cli-'));
    const server = `127.0.0.1:${await freePort()}`;
    const http = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    const where = ['--data', directory, '--listen', server, '--http-graph', http[0], '--http-iris', http[1]];
    const up = spawn(process.execPath, [COMMAND, 'up', ...where], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...NOWHERE, IRIS_STORE_INITIAL_CAPACITY: '1000' },
    });
    let said = '';
    up.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const environment = { ...NOWHERE, IRISPAIR_SERVER: server };
    try {
      for (const address of http) {
        await until('the pair is ready', async () => {
          const answer = await fetch(`http://${address}/readyz`).catch(() => undefined);
          return answer?.status === 200;
        });
      }
      assert.equal((await irispair(['status', '--json'], '', environment)).code, 0);
      await until('it says so', () => said.includes(`serving on ${server}`));
      const health = spawnSync(process.execPath, [GRAPH_HEALTH], {
        env: { ...process.env, ...NOWHERE, IRISPAIR_LISTEN: server },
      });
      assert.equal(health.status, 0, health.stdout.toString());
      const people = (await irispair(['generate', '--people', '5'])).output;
      const lines = people.trim().split('\n');
      const bad = ['{"id":"x"}', 'nonsense', lines[0].replace(/"iris_codes":"..../, '"iris_codes":"!!!!')];
      const enrolled = await irispair(['enroll', '--json'], [...lines, ...bad].join('\n'), environment);
      assert.equal(enrolled.code, 1);
      assert.match(enrolled.errors, /line 6: left: missing/);
      assert.match(enrolled.errors, /line 7: line: not JSON/);
      assert.match(enrolled.errors, /line 8: left\.iris_codes: not base64/);
      const answers = enrolled.output
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      assert.deepEqual(answers.map(({ serial_id: id }) => id).sort(), [1, 2, 3, 4, 5]);

      const again = (await irispair(['generate', '--people', '5', '--capture', 'again'])).output;
      const found = await irispair(['search', '-', '--json'], again, environment);
      assert.equal(found.code, 0);
      for (const line of found.output.trim().split('\n')) {
        const { id, decision, matches } = JSON.parse(line) as {
          id: string;
          decision: string;
          matches: number[];
        };
        const serial = answers.find((answer) => answer.id === id)?.serial_id;
        assert.deepEqual([decision, matches], ['duplicate', [serial]]);
      }
      const mirrored = (await irispair(['generate', '--people', '1', '--capture', 'mirrored'])).output;
      const attack = await irispair(['search', '--json'], mirrored, environment);
      assert.equal((JSON.parse(attack.output) as { decision: string }).decision, 'mirror attack');

      const serial = String(answers.find(({ id }) => id === 'person-0')?.serial_id);
      assert.equal((await irispair(['verify', serial, '-'], again.split('\n')[0], environment)).code, 0);
      assert.equal((await irispair(['verify', serial, '-'], again.split('\n')[1], environment)).code, 1);
      assert.equal((await irispair(['delete', serial], '', environment)).code, 0);
      const twice = await irispair(['delete', serial], '', environment);
      assert.equal(twice.code, 1);
      assert.match(twice.errors, /was deleted/);
    } finally {
      up.kill('SIGINT');
      await once(up, 'exit');
    }
    assert.deepEqual(readdirSync(directory).sort(), ['graph', 'iris']);
    rmSync(directory, { recursive: true });
  });
});

describe('the demo', () => {
  it('leaves no process, socket or directory behind when it is stopped, whenever that is', async () => {
    const temporary = mkdtempSync(join(tmpdir(), 'irispair-demo-test-'));
    const stops: [number, string[]][] = [
      [300, ['--people', '300']],
      [900, ['--people', '300']],
      [2_000, ['--people', '300']],
      [4_000, ['--people', '300']],
      [700, ['--shared']],
      [3_000, ['--shared']],
    ];
    for (const [milliseconds, args] of stops) {
      const demo = spawn(process.execPath, [COMMAND, 'demo', ...args], {
        stdio: 'ignore',
        env: { ...process.env, TMPDIR: temporary, IRIS_STORE_INITIAL_CAPACITY: '1000' },
      });
      await sleep(milliseconds);
      demo.kill('SIGINT');
      await once(demo, 'exit');
      assert.deepEqual(readdirSync(temporary), []);
      assert.deepEqual(processesMentioning(temporary), []);
    }
    rmSync(temporary, { recursive: true });
  });
});

/** Ids of processes whose environment names a path. */
function processesMentioning(path: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(path);
    } catch {
      return false;
    }
  });
}
