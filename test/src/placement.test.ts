import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { until } from '@irispair/common/support/until';
import { freePort } from 'irispair/pair/free-port';
import { irispair, type Ran } from 'irispair/support/run-command';
import { Enrolling } from './support/enrolling.js';
import { PairUnderTest } from './support/pair-under-test.js';

type ServiceName = 'graph' | 'iris';

interface Count {
  readonly nodes: { readonly node: number; readonly bytes: number }[];
  readonly notBackedBytes: number;
  readonly interval: number;
}

interface Service {
  readonly service: ServiceName;
  readonly processId: number;
  readonly placement: string;
  readonly node: number | null;
  readonly threads: {
    readonly threadId: number;
    readonly name: string;
    readonly allowedCpus: string;
    readonly lastCpu: number;
    readonly lastNode: number | null;
    readonly cpuMigrations: number | null;
    readonly voluntarySwitches: number;
  }[];
  readonly ownMemory: Count;
  readonly mappedFiles: Count;
  readonly parts: {
    readonly use: string;
    readonly count: Count;
    readonly segments: { readonly bytes: number }[];
  }[];
  readonly residentBytes: number;
}

interface Placement {
  readonly nodes: {
    readonly node: number;
    readonly cpus: string;
    readonly memoryBytes: number;
    readonly distances: number[];
  }[];
  readonly services: Service[];
  readonly irisAway: string | null;
  readonly targets: { readonly target: string; readonly verdict: string }[];
}

const SYSFS = '/sys/devices/system/node';
const KIB = 1_024;

/** What this test itself reads about a process. */
function readProcess(pid: number) {
  const tasks = readdirSync(`/proc/${pid}/task`).map((id) => {
    const read = (file: string) => readFileSync(`/proc/${pid}/task/${id}/${file}`, 'utf8');
    const sched = existsSync(`/proc/${pid}/task/${id}/sched`) ? read('sched') : '';
    const [migrations] = /(?<=nr_migrations +: +)\d+/.exec(sched) ?? [];
    return {
      threadId: Number(id),
      name: read('comm').trim(),
      allowedCpus: /Cpus_allowed_list:\s(.*)/.exec(read('status'))?.[1],
      migrations: migrations === undefined ? null : Number(migrations),
    };
  });
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kib = (field: string) => Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]);
  return {
    tasks,
    ownBytes: (kib('RssAnon') + kib('RssShmem') + kib('HugetlbPages')) * KIB,
    fileBytes: kib('RssFile') * KIB,
  };
}

function bytesOf(count: Count): number {
  return count.nodes.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Figures that were read one after the other, of a process that runs. */
function assertNear(told: number, read: number, what: string): void {
  assert.ok(Math.abs(told - read) <= 0.1 * read + 4 * KIB * KIB, `${what}: told ${told}, read ${read}`);
}

describe('where a pair is', () => {
  let test: PairUnderTest;
  let environment: Record<string, string>;
  before(async () => {
    test = await PairUnderTest.start();
    environment = { IRISPAIR_SERVER: test.client.address };
    assert.deepEqual(await new Enrolling('placement', test).enrolSome(), []);
  });
  after(async () => {
    await test.stop();
  });

  function placement(...args: string[]): Promise<Ran> {
    return irispair(['placement', ...args], '', environment);
  }

  async function read(): Promise<Placement> {
    const { code, output, errors } = await placement('--json');
    assert.equal(code, 0, errors);
    return JSON.parse(output) as Placement;
  }

  function pid(service: ServiceName): number {
    const id = test.pair.pid(service);
    assert.ok(id !== undefined);
    return id;
  }

  for (const name of ['graph', 'iris'] as const) {
    it(`is told of the ${name} service as the kernel tells it`, async () => {
      const earlier = readProcess(pid(name));
      const service = (await read()).services.find((one) => one.service === name);
      const later = readProcess(pid(name));
      assert.ok(service !== undefined);
      assert.equal(service.processId, pid(name));

      assert.deepEqual(
        service.threads.map(({ threadId, name: called, allowedCpus }) => [threadId, called, allowedCpus]),
        later.tasks.map(({ threadId, name: called, allowedCpus }) => [threadId, called, allowedCpus]),
      );
      for (const [
        index,
        { cpuMigrations, lastNode, lastCpu, voluntarySwitches },
      ] of service.threads.entries()) {
        const [least, most] = [earlier.tasks[index].migrations, later.tasks[index].migrations];
        if (least === null || most === null) assert.equal(cpuMigrations, null);
        else assert.ok(cpuMigrations !== null && cpuMigrations >= least && cpuMigrations <= most);
        if (existsSync(SYSFS)) assert.ok(existsSync(`${SYSFS}/node${lastNode}/cpu${lastCpu}`));
        assert.ok(voluntarySwitches > 0);
      }

      assertNear(bytesOf(service.ownMemory), later.ownBytes, 'own memory');
      assertNear(bytesOf(service.mappedFiles), later.fileBytes, 'mapped files');
      assertNear(service.residentBytes, later.ownBytes + later.fileBytes, 'resident memory');
      const parts = service.parts.reduce((sum, { count }) => sum + bytesOf(count), 0);
      assertNear(parts, bytesOf(service.ownMemory), 'parts');
    });
  }

  it('is told of irises and graph where they are', async () => {
    const { services } = await read();
    const [graph, iris] = services;
    assert.deepEqual(
      services.map(({ parts }) => parts.map(({ use }) => use)),
      [
        ['graph', 'rest'],
        ['left irises', 'right irises', 'rest'],
      ],
    );
    for (const { count, segments } of iris.parts.slice(0, 2)) {
      // Arenas are populated whole when they are mapped.
      assert.equal(bytesOf(count), segments[0].bytes);
      assert.deepEqual([count.notBackedBytes, count.interval, segments.length], [0, 1, 1]);
    }
    const [memory] = graph.parts;
    // Two chunks of 16,384 rows: reserved, and written as far as somebody is enrolled.
    assert.ok(bytesOf(memory.count) > 0);
    assert.ok(bytesOf(memory.count) + memory.count.notBackedBytes > 2 * 16_384 * 4);
    assert.deepEqual(graph.parts[1].count.interval, 1);
  });

  it('is told of the nodes as sysfs tells it', async () => {
    const { nodes } = await read();
    if (!existsSync(SYSFS)) {
      assert.deepEqual(
        nodes.map(({ node }) => node),
        [0],
      );
      return;
    }
    const sysfs = (node: number, file: string) => readFileSync(`${SYSFS}/node${node}/${file}`, 'utf8').trim();
    assert.equal(nodes.length, readdirSync(SYSFS).filter((name) => /^node\d+$/.test(name)).length);
    for (const { node, cpus, memoryBytes, distances } of nodes) {
      assert.equal(cpus, sysfs(node, 'cpulist'));
      assert.equal(distances.join(' '), sysfs(node, 'distance'));
      assert.equal(memoryBytes, Number(/MemTotal: +(\d+)/.exec(sysfs(node, 'meminfo'))?.[1]) * KIB);
    }
  });

  it('is told in tables and a plot, and drawn', async () => {
    const picture = join(test.directory, 'placement.svg');
    const { code, output, errors } = await placement('--svg', picture);
    assert.equal(code, 0, errors);
    for (const told of [
      `graph service, process ${pid('graph')}: `,
      `iris service, process ${pid('iris')}: `,
      'left irises',
      'threads of the iris service',
      'CPU moves',
      'node 0, CPUs ',
      'hugepages',
      'split placement: ',
    ]) {
      assert.ok(output.includes(told), told);
    }
    assert.match(readFileSync(picture, 'utf8'), /^<svg .*iris service: left irises .*<\/svg>\n$/s);
  });

  it('follows what an operator changes', async () => {
    const [thread] = readProcess(pid('graph')).tasks;
    const [cpu] = /^\d+/.exec(thread.allowedCpus ?? '') ?? [''];
    execFileSync('taskset', ['-cp', cpu, String(thread.threadId)]);
    const told = (await read()).services[0].threads.find(({ threadId }) => threadId === thread.threadId);
    assert.deepEqual([told?.allowedCpus, told?.lastCpu], [cpu, Number(cpu)]);
  });

  it('is refused to nobody, and drawn nowhere it cannot be', async () => {
    const wrong: [args: string[], code: number, told: RegExp][] = [
      [['--server', `127.0.0.1:${await freePort()}`], 3, /no graph service answers/],
      [['--nodes'], 2, /unknown option '--nodes'/],
      [['--svg'], 2, /argument missing/],
      [['now'], 2, /too many arguments/],
      [['--svg', join(test.directory, 'none', 'placement.svg')], 1, /^--svg: cannot be written, .*ENOENT/],
      [['--svg', test.directory], 1, /^--svg: cannot be written, .*EISDIR/],
    ];
    for (const [args, code, told] of wrong) {
      const ran = await placement(...args);
      assert.deepEqual([ran.code, ran.output], [code, ''], ran.errors);
      assert.match(ran.errors, told);
    }
  });

  it('is told of the graph service alone while the iris service is away', async () => {
    await test.pair.kill('iris', 'SIGKILL');
    const { code, output, errors } = await placement('--check', '--json');
    assert.equal(code, 3);
    assert.match(errors, /the iris service is away/);
    const { services, irisAway } = JSON.parse(output) as Placement;
    assert.deepEqual(
      services.map(({ service }) => service),
      ['graph'],
    );
    assert.match(irisAway ?? '', /the iris service is away/);
    test.pair.startService('iris');
    await until('both are there again', async () => (await placement('--check')).code === 0);
  });
});

describe('the check of where a pair is', () => {
  for (const [asked, code, verdict] of [
    ['shared', 0, 'cannot tell'],
    ['off', 0, 'cannot tell'],
  ] as const) {
    it(`is passed by a pair that is ${asked} as it was asked to be`, async () => {
      const { ran, split } = await checked({ IRISPAIR_PLACEMENT: asked });
      assert.deepEqual([ran.code, split?.verdict], [code, verdict], ran.errors);
    });
  }

  it('is failed by a pair that was to be split and is not', async () => {
    // No machine has this node.
    const { ran, split } = await checked({ IRISPAIR_PLACEMENT: 'split', IRIS_MPC_NUMA_WORKER_NODE: '1023' });
    assert.deepEqual([ran.code, split?.verdict], [1, 'missed'], ran.errors);
  });

  async function checked(environment: Record<string, string>) {
    const test = await PairUnderTest.start(environment);
    try {
      const ran = await irispair(['placement', '--check', '--json'], '', {
        IRISPAIR_SERVER: test.client.address,
      });
      const { targets } = JSON.parse(ran.output) as Placement;
      return { ran, split: targets.find(({ target }) => target === 'split placement') };
    } finally {
      await test.stop();
    }
  }
});
