import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { runCommand } from './command.js';
import { CHECKOUT } from './images.js';

interface Node {
  readonly cpus: string;
  readonly kilobytes: number;
}

describe('docker/make-env.sh', () => {
  let directory: string;
  let script: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'irispair-env-'));
    script = join(directory, 'make-env.sh');
    await copyFile(join(CHECKOUT, 'docker/make-env.sh'), script);
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  async function machine(nodes: Readonly<Record<number, Node>>, mounts = ''): Promise<void> {
    const root = join(directory, 'root');
    await mkdir(join(root, 'proc'), { recursive: true });
    await mkdir(join(root, 'sys/devices/system/node'), { recursive: true });
    await writeFile(join(root, 'proc/mounts'), mounts);
    for (const [id, { cpus, kilobytes }] of Object.entries(nodes)) {
      const node = join(root, `sys/devices/system/node/node${id}`);
      await mkdir(node, { recursive: true });
      await writeFile(join(node, 'cpulist'), `${cpus}\n`);
      await writeFile(join(node, 'meminfo'), `Node ${id} MemTotal:  ${kilobytes} kB\n`);
    }
  }

  function makeEnv(environment: Readonly<Record<string, string>> = {}, ...args: string[]) {
    const unset = { IRIS_MPC_NUMA_TOKIO_NODE: '', IRIS_MPC_NUMA_WORKER_NODE: '' };
    return runCommand(['sh', script, '--root', join(directory, 'root'), ...args], {
      environment: { ...unset, ...environment },
    });
  }

  async function settings(): Promise<Record<string, string>> {
    const written = await readFile(join(directory, '.env'), 'utf8');
    return Object.fromEntries(
      written
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))
        .map((line) => line.split('=', 2)),
    ) as Record<string, string>;
  }

  it('gives each service the CPUs of a node, past gaps and nodes without CPUs or memory', async () => {
    await machine({
      0: { cpus: '', kilobytes: 1_000 },
      2: { cpus: '0-3,8-11', kilobytes: 1_000 },
      3: { cpus: '12', kilobytes: 0 },
      10: { cpus: '4-7', kilobytes: 1_000 },
    });
    assert.equal((await makeEnv()).code, 0);
    assert.deepEqual(await settings(), {
      COMPOSE_PROJECT_NAME: 'irispair',
      IRISPAIR_GRAPH_CPUS: '0-3,8-11',
      IRISPAIR_IRIS_CPUS: '4-7',
      IRIS_MPC_NUMA_TOKIO_NODE: '2',
      IRIS_MPC_NUMA_WORKER_NODE: '10',
      COMPOSE_PROFILES: 'observability',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otel-collector:4317',
    });
  });

  it('gives both services all CPUs of the only node, and names none', async () => {
    await machine({ 0: { cpus: '0-7', kilobytes: 1_000 } });
    assert.equal((await makeEnv()).code, 0);
    const { IRISPAIR_GRAPH_CPUS, IRISPAIR_IRIS_CPUS, IRIS_MPC_NUMA_WORKER_NODE } = await settings();
    assert.deepEqual(
      [IRISPAIR_GRAPH_CPUS, IRISPAIR_IRIS_CPUS, IRIS_MPC_NUMA_WORKER_NODE],
      ['0-7', '0-7', ''],
    );
  });

  it('leaves CPUs to Docker where the kernel knows no nodes', async () => {
    await machine({});
    assert.equal((await makeEnv()).code, 0);
    const { IRISPAIR_GRAPH_CPUS, IRISPAIR_IRIS_CPUS } = await settings();
    assert.deepEqual([IRISPAIR_GRAPH_CPUS, IRISPAIR_IRIS_CPUS], ['', '']);
  });

  it('follows the nodes that are named, and hands hugetlbfs on', async () => {
    const mounts =
      'none /mnt/huge-1GB hugetlbfs rw,pagesize=1024M 0 0\nnone /mnt/huge-2MB hugetlbfs rw,pagesize=2M 0 0\n';
    await machine({ 0: { cpus: '0', kilobytes: 1 }, 1: { cpus: '1', kilobytes: 1 } }, mounts);
    assert.equal((await makeEnv({ IRIS_MPC_NUMA_WORKER_NODE: '0' })).code, 0);
    const { IRISPAIR_GRAPH_CPUS, IRIS_MPC_NUMA_TOKIO_NODE, IRISPAIR_HUGETLBFS_SOURCE } = await settings();
    assert.deepEqual(
      [IRISPAIR_GRAPH_CPUS, IRIS_MPC_NUMA_TOKIO_NODE, IRISPAIR_HUGETLBFS_SOURCE],
      ['1', '1', '/mnt/huge-2MB'],
    );
  });

  it('refuses nodes that cannot be had, by name, and leaves the file as it was', async () => {
    await machine({
      0: { cpus: '0', kilobytes: 1 },
      1: { cpus: '1', kilobytes: 1 },
      2: { cpus: '', kilobytes: 1 },
    });
    await makeEnv();
    const before = await readFile(join(directory, '.env'), 'utf8');
    const refused: [Record<string, string>, string][] = [
      [
        { IRIS_MPC_NUMA_WORKER_NODE: '7' },
        'IRIS_MPC_NUMA_WORKER_NODE=7: there is no such node here: the nodes are 0 1 2',
      ],
      [
        { IRIS_MPC_NUMA_TOKIO_NODE: 'x' },
        'IRIS_MPC_NUMA_TOKIO_NODE=x: there is no such node here: the nodes are 0 1 2',
      ],
      [
        { IRIS_MPC_NUMA_WORKER_NODE: '2' },
        'IRIS_MPC_NUMA_WORKER_NODE=2: that node lacks CPUs or memory: choose among 0 1',
      ],
      [
        { IRIS_MPC_NUMA_TOKIO_NODE: '1', IRIS_MPC_NUMA_WORKER_NODE: '1' },
        'IRIS_MPC_NUMA_TOKIO_NODE and IRIS_MPC_NUMA_WORKER_NODE both name node 1: name two, or neither',
      ],
    ];
    for (const [environment, complaint] of refused) {
      assert.deepEqual(await makeEnv(environment), {
        code: 1,
        output: '',
        errors: `make-env.sh: ${complaint}\n`,
      });
    }
    assert.equal(await readFile(join(directory, '.env'), 'utf8'), before);
    assert.equal((await makeEnv({}, '--verbose')).code, 2);
  });

  it('keeps the password, and what stood in a file that it changes', async () => {
    await machine({ 0: { cpus: '0', kilobytes: 1 } });
    await makeEnv();
    const secrets = join(directory, 'secrets');
    const password = await readFile(join(secrets, 'postgres-password'), 'utf8');
    assert.match(password, /^[0-9a-f]{32}$/);
    assert.equal((await stat(secrets)).mode & 0o777, 0o700);
    assert.equal((await stat(join(secrets, 'postgres-password'))).mode & 0o777, 0o444);
    await writeFile(join(directory, '.env'), 'IRISPAIR_PORT=50052\n');
    const { errors } = await makeEnv();
    assert.match(errors, /what stood in .*\.env is in .*\.env\.old now/);
    assert.equal(await readFile(join(directory, '.env.old'), 'utf8'), 'IRISPAIR_PORT=50052\n');
    assert.equal(await readFile(join(secrets, 'postgres-password'), 'utf8'), password);
    const { output } = await makeEnv({}, '--print');
    assert.equal(output, await readFile(join(directory, '.env'), 'utf8'));
  });
});
