/**
 * The pair in containers, by docker/compose.yaml: what is lost (nothing), where everything runs, who reaches what.
 *
 * Run by main.ts, which starts the engine and builds the images. The kernel's tree of NUMA nodes is a made-up one with two
 * nodes; cpusets, seccomp, capabilities and the binding of memory are real.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { until } from '@irispair/common/support/until';
import { readTopology } from '@irispair/native/topology';
import type * as api from '@irispair/proto/public';
import { Enrolling } from '../support/enrolling.js';
import { mustRun, runCommand } from './command.js';
import { ComposedPair, type ComposedService } from './composed-pair.js';
import { dockerClient, lines } from './engine.js';
import { Hugetlbfs } from './hugetlbfs.js';
import { imageOf, TARGETS } from './images.js';
import { writeTwoNodes, type TwoNodes } from './two-nodes.js';

const SERVICES = ['graph-service', 'iris-service'] as const;

describe('the pair in containers', () => {
  let directory: string;
  let machine: TwoNodes;
  let pair: ComposedPair;
  let people: Enrolling;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'irispair-compose-'));
    const { allowedCpus } = readTopology();
    assert.ok(allowedCpus.length >= 2, 'two CPUs are needed, to tell the services’ cpusets apart');
    machine = await writeTwoNodes(join(directory, 'machine'), [allowedCpus[0], allowedCpus[1]], null);
    pair = await ComposedPair.prepare(join(directory, 'docker'), machine);
    people = new Enrolling('people in containers', pair);
  });
  after(async () => {
    pair.client.close();
    await pair.compose(['down', '--volumes', '--timeout', '5']);
    await rm(directory, { recursive: true });
  });

  afterEach(() => pair.configure());

  it('comes from images without compiler, that run as users of one group and nobody else', async () => {
    for (const target of TARGETS) {
      const inImage = async (command: string) =>
        lines(
          await docker(
            'run',
            '--rm',
            '--network',
            'none',
            '--entrypoint',
            'sh',
            imageOf(target),
            '-c',
            command,
          ),
        );
      const tools = 'for tool in c++ cc g++ gcc cmake make; do command -v $tool; done; true';
      assert.deepEqual(await inImage(tools), []);
      assert.deepEqual(await inImage('ls node_modules | grep -E "^(typescript|eslint|prettier)$"; true'), []);
      const [user, group] = await inImage('id -u; id -g');
      assert.deepEqual([user, group], [target === 'iris-service' ? '10002' : '10001', '10000']);
    }
  });

  it('comes up, healthy, and takes enrolments at the published port', async () => {
    await pair.up();
    assert.deepEqual(await people.enrolSome(), []);
    await people.checkAllAreFound();
    for (const service of SERVICES) {
      await until(
        `${service} is healthy`,
        async () => (await inspect(service, '{{.State.Health.Status}}')) === 'healthy',
      );
    }
  });

  it('answers the command from its image', async () => {
    const cli = ['run', '--rm', '-T', 'cli'];
    const status = JSON.parse(await pair.compose([...cli, 'status', '--json'])) as { enrolled: number };
    assert.equal(status.enrolled, people.acknowledged.size);
    const generated = await pair.compose([...cli, 'generate', '--people', '3', '--seed', 'by command']);
    const enrolled = await pair.compose([...cli, 'search', '-', '--json'], generated);
    assert.deepEqual(
      lines(enrolled).map((line) => (JSON.parse(line) as { decision: string }).decision),
      ['unique', 'unique', 'unique'],
    );
  });

  it('runs each service with the least it needs', async () => {
    for (const service of SERVICES) {
      const pids = await processes(service);
      assert.ok(pids.length > 0);
      for (const pid of pids) {
        assert.equal(procStatus(pid, 'CapEff'), '0000000000000000', service);
        assert.equal(procStatus(pid, 'CapPrm'), '0000000000000000', service);
        // CAP_SYS_NICE alone may be had at all: number 23.
        assert.equal(procStatus(pid, 'CapBnd'), '0000000000800000', service);
        assert.equal(procStatus(pid, 'NoNewPrivs'), '1', service);
        assert.match(procStatus(pid, 'Uid'), service === 'iris-service' ? /^10002\b/ : /^10001\b/);
      }
      const written = await inContainer(service, 'touch /irispair/x /etc/x /var/lib/x');
      assert.notEqual(written.code, 0);
      assert.match(written.errors, /Read-only file system/);
    }
  });

  it('keeps every thread of a service on the CPUs of its node', async () => {
    for (const [service, { cpu }] of [
      ['graph-service', machine.graph],
      ['iris-service', machine.iris],
    ] as const) {
      assert.equal(await inspect(service, '{{.HostConfig.CpusetCpus}}'), String(cpu));
      for (const pid of await processes(service)) {
        const threads = readdirSync(`/proc/${pid}/task`);
        for (const thread of threads) {
          assert.equal(procStatus(`${pid}/task/${thread}`, 'Cpus_allowed_list'), String(cpu), service);
        }
      }
    }
  });

  it('binds the irises to the memory of their node', async () => {
    const { graph, iris } = await placements();
    assert.deepEqual([graph.placement, graph.cpus], ['split', String(machine.graph.cpu)]);
    assert.deepEqual([iris.placement, iris.cpus], ['split', String(machine.iris.cpu)]);
    assert.deepEqual(iris.memoryNodes, [machine.iris.node]);
    assert.match(iris.backing, /bind policy/);
    assert.doesNotMatch(await pair.log('iris-service'), /was refused/);
  });

  it('shares the socket between two users of one group, and with no other', async () => {
    const socket = '/run/irispair/iris.sock';
    const { output } = await inContainer('graph-service', `stat -c '%A %U %G' ${socket}`);
    assert.equal(output, 'srw-rw---- irispair-iris irispair\n');
    const server = await pair.container('iris-service');
    const connect = (user: string) =>
      docker(
        ...['run', '--rm', '--network', 'none', '--user', user, '--volumes-from', server],
        ...['--entrypoint', 'node', imageOf('cli'), '-e'],
        `require('node:net').connect('${socket}').on('connect', () => process.exit()).on('error', (error) => { console.log(error.code); process.exit(); })`,
      );
    assert.equal(await connect('10009:10009'), 'EACCES\n');
    assert.equal(await connect('10009:10000'), '');
  });

  it('lets the iris service reach its database, and nothing else', async () => {
    const networks = await inspect(
      'iris-service',
      '{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}',
    );
    assert.match(networks, /^\S+_iris$/);
    const members = await docker(
      'network',
      'inspect',
      '--format',
      '{{.Internal}}{{range .Containers}} {{.Name}}{{end}}',
      networks,
    );
    assert.match(members, /^true( \S*(iris-service|postgres)\S*){2}\n$/);
    const graph = await inspect('graph-service', '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}');
    const [database] = lines(
      await docker(
        'inspect',
        '--format',
        `{{(index .NetworkSettings.Networks "${networks}").IPAddress}}`,
        await pair.container('postgres'),
      ),
    );
    assert.equal(await connecting('iris-service', database, 5432), 'connected');
    for (const address of graph.split(' ')) {
      assert.match(await connecting('iris-service', address, 50051), /ENETUNREACH|EHOSTUNREACH|ETIMEDOUT/);
    }
  });

  for (const service of ['iris-service', 'graph-service', 'postgres'] as const) {
    it(`loses nothing when the container of ${service} is restarted, or killed`, async () => {
      await pair.compose(['restart', service]);
      await enrolAndFindAll();
      await docker('kill', '--signal', 'KILL', await pair.container(service));
      await pair.up();
      await enrolAndFindAll();
    });
  }

  it('loses nothing when all containers are removed and made anew', async () => {
    await pair.compose(['down']);
    await pair.up();
    await enrolAndFindAll();
  });

  it('tells by its health check when the database is away, and when nobody serves', async () => {
    const check = (service: 'graph-service' | 'iris-service') =>
      inContainer(service, `node /irispair/${service}/dist/health.js`);
    assert.deepEqual(await check('iris-service'), {
      code: 0,
      output: 'unix:/run/irispair/iris.sock: SERVING\n',
      errors: '',
    });
    await pair.compose(['stop', 'postgres']);
    await until('the iris service says so', async () => (await check('iris-service')).code === 1);
    assert.match((await check('iris-service')).output, /: NOT_SERVING\n$/);
    await pair.compose(['start', 'postgres']);
    await enrolAndFindAll();
    await pair.compose(['stop', 'iris-service']);
    await until('the graph service says so', async () => (await check('graph-service')).code === 1);
    const nobody = await inContainer(
      'graph-service',
      'IRISPAIR_LISTEN=127.0.0.1:1 node graph-service/dist/health.js',
    );
    assert.equal(nobody.code, 1);
    assert.match(nobody.output, /^127\.0\.0\.1:1: .*ECONNREFUSED/);
    await pair.up();
    await people.checkAllAreFound();
  });

  it('runs without CAP_SYS_NICE on memory that is not bound, and says so; stops when strict', async () => {
    const withoutNice = [['cap_add: [SYS_NICE]', 'cap_add: []']] as const;
    await pair.configure({}, withoutNice);
    await pair.up();
    const { iris } = await placements();
    assert.deepEqual([iris.placement, iris.cpus], ['split', String(machine.iris.cpu)]);
    assert.match(iris.backing, /default policy/);
    const log = await pair.log('iris-service');
    assert.match(
      log,
      /"memoryRefused":"Operation not permitted".*binding to the node was refused: going on without/,
    );
    assert.match(log, /was refused: Operation not permitted \(containers need CAP_SYS_NICE\)/);
    await enrolAndFindAll();

    await pair.configure({ IRISPAIR_PLACEMENT_STRICT: '1' }, withoutNice);
    await assertRefuses(
      'iris-service',
      /binding to the node was refused .*grant CAP_SYS_NICE, or unset IRISPAIR_PLACEMENT_STRICT/,
    );
    await backToNormal();
  });

  it('refuses a `.env` with CPUs that the machine lacks, and loses nothing', async () => {
    for (const setting of ['IRISPAIR_IRIS_CPUS', 'IRISPAIR_GRAPH_CPUS']) {
      await pair.configure({ [setting]: '4000' });
      const { code, output, errors } = await pair.tryCompose(['up', '--detach', '--no-build']);
      assert.notEqual(code, 0);
      assert.match(output + errors, /Requested CPUs are not available - requested 4000, available: 0/);
    }
    await backToNormal();
  });

  it('goes on without a node that the machine lacks, and says so; stops when strict', async () => {
    const wrong = { IRIS_MPC_NUMA_WORKER_NODE: '7' };
    const reason = /node 7 \(IRIS_MPC_NUMA_WORKER_NODE\) does not exist here: the nodes are 0, 1/;
    await pair.configure(wrong);
    await pair.up();
    const { graph, iris } = await placements();
    for (const service of [graph, iris]) {
      assert.equal(service.placement, 'shared');
      assert.match(service.reason, reason);
    }
    await enrolAndFindAll();
    await pair.configure({ ...wrong, IRISPAIR_PLACEMENT_STRICT: '1' });
    await assertRefuses('iris-service', reason);
    await backToNormal();
  });

  it('says that its irises fit and the rest does not, before the kernel kills it', async () => {
    const image = 'image: irispair/iris-service';
    await pair.configure({ IRIS_STORE_INITIAL_CAPACITY: '50000' }, [
      [image, `${image}\n    mem_limit: 300m`],
    ]);
    await assertRefuses(
      'iris-service',
      /MiB of memory are needed \(place for 50000 irises 229 MiB, .*, the process \d+ MiB\), and the control group .* has 300 MiB/,
    );
    await backToNormal();
  });

  it('refuses the wrong password of the database by name', async () => {
    const store = 'IRISPAIR_IRIS_STORE: postgres://irispair';
    await pair.configure({}, [[`${store}@`, `${store}:mistaken@`]]);
    await assertRefuses('iris-service', /password authentication failed/);
    assert.doesNotMatch(await pair.log('iris-service'), /mistaken/);
    await backToNormal();
  });

  it('lays the irises on hugetlbfs when the machine has it', async (t) => {
    const hugetlbfs = await Hugetlbfs.mount(join(directory, 'hugepages'));
    if (hugetlbfs === undefined) {
      t.diagnostic('no 2 MiB hugepages can be had here');
      return;
    }
    try {
      await pair.configure({ IRISPAIR_HUGETLBFS_SOURCE: hugetlbfs.directory, IRISPAIR_HUGEPAGES: 'require' });
      await pair.up();
      assert.match((await placements()).iris.backing, /^hugetlbfs pages, bind policy$/);
      await enrolAndFindAll();
      await backToNormal();
    } finally {
      await hugetlbfs.unmount();
    }
  });

  async function enrolAndFindAll(): Promise<void> {
    await pair.untilReady();
    assert.deepEqual(await people.enrolSome(), []);
    await people.checkAllAreFound();
  }

  async function backToNormal(): Promise<void> {
    await pair.configure();
    await pair.up();
    await enrolAndFindAll();
  }

  /** The service ends as misconfigured, for a reason that its log gives. */
  async function assertRefuses(service: ComposedService, reason: RegExp): Promise<void> {
    await pair.compose(['up', '--detach', '--no-build']);
    await until('it says why', async () => reason.test(await pair.log(service)));
    const exits = ['events', '--since', '5m', '--until', '0s', '--filter', 'event=die'];
    const of = ['--filter', `container=${await pair.container(service)}`];
    const code = ['--format', '{{.Actor.Attributes.exitCode}}'];
    await until('it ended', async () => lines(await docker(...exits, ...of, ...code)).includes('2'));
  }

  async function placements(): Promise<Record<'graph' | 'iris', api.ServicePlacement>> {
    const { services } = await pair.client.status();
    const named = (name: string) => {
      const found = services.find(({ service }) => service === name);
      assert.ok(found);
      return found;
    };
    return { graph: named('graph'), iris: named('iris') };
  }

  async function inspect(service: ComposedService, format: string): Promise<string> {
    return (await docker('inspect', '--format', format, await pair.container(service))).trim();
  }

  async function processes(service: ComposedService): Promise<string[]> {
    const [, ...rows] = lines(await docker('top', await pair.container(service), '-o', 'pid'));
    return rows.map((row) => row.trim());
  }

  async function inContainer(service: ComposedService, command: string) {
    return runCommand([dockerClient(), 'exec', await pair.container(service), 'sh', '-c', command]);
  }

  async function connecting(service: ComposedService, address: string, port: number): Promise<string> {
    const program = `require('node:net').connect({ host: '${address}', port: ${port}, timeout: 2000 })
      .on('connect', () => { console.log('connected'); process.exit(); })
      .on('timeout', () => { console.log('ETIMEDOUT'); process.exit(); })
      .on('error', ({ code }) => { console.log(code); process.exit(); })`;
    const { output } = await runCommand([
      'docker',
      'exec',
      await pair.container(service),
      'node',
      '-e',
      program,
    ]);
    return output.trim();
  }
});

function docker(...args: string[]): Promise<string> {
  return mustRun([dockerClient(), ...args]);
}

function procStatus(path: string, field: string): string {
  return new RegExp(`^${field}:\\s*(.*)$`, 'm').exec(readFileSync(`/proc/${path}/status`, 'utf8'))?.[1] ?? '';
}
