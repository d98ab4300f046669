import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import PostalMime from 'postal-mime';
import { parse as parseToml } from 'smol-toml';
import { parse, parseAllDocuments } from 'yaml';
import { irispair } from '../support/run-command.js';
import { factsOfInstance } from './instance-types.js';
import { plannedKubelet } from './kubelet.js';
import { planNode, type NodePlan } from './node-plan.js';
import { FORMS, renderPlan, type Form } from './render.js';
import { SIZE_HEAD, sizeRow, sizes } from './tables.js';

const EXAMPLES = fileURLToPath(new URL('../../../k8s/eks/examples', import.meta.url));
const RENDER_EXAMPLES = fileURLToPath(new URL('../../../k8s/eks/render-examples.sh', import.meta.url));
const CLUSTER = { name: 'one', region: 'eu-central-1', kubernetesVersion: '1.35' };
const PLAN = planNode({ machine: factsOfInstance('r7i.48xlarge'), mode: 'shared', capacity: 3_000_000 });

function render(form: Form, plan: NodePlan = PLAN): string {
  return renderPlan(form, plan, CLUSTER);
}

/** Objects of YAML without its types. */
function documents(text: string): Record<string, unknown>[] {
  return parseAllDocuments(text).map((document) => {
    assert.deepEqual(document.errors, []);
    return document.toJS() as Record<string, unknown>;
  });
}

describe('what a planned node is started with', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'irispair-nodes-'));
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });

  it('is for the launch template MIME of two parts: a shell script and a NodeConfig', async () => {
    const { attachments, ...mail } = await PostalMime.parse(render('launch-template'));
    assert.equal(mail.text ?? '', '');
    const [script, config, ...others] = attachments;
    assert.deepEqual(others, []);
    assert.equal(script.mimeType, 'text/x-shellscript');
    assert.equal(config.mimeType, 'application/node.eks.aws');
    const text = Buffer.from(script.content as ArrayBuffer).toString();
    assert.match(text, /^#!\/bin\/sh\n/);
    assert.match(text, new RegExp(`irispair-reserve-hugepages 1 ${PLAN.iris.hugepages}\n`));
    const path = join(directory, 'part.sh');
    writeFileSync(path, text);
    execFileSync('sh', ['-n', path]);
    const [nodeConfig] = documents(Buffer.from(config.content as ArrayBuffer).toString());
    assert.deepEqual(nodeConfig, {
      apiVersion: 'node.eks.aws/v1alpha1',
      kind: 'NodeConfig',
      spec: { kubelet: { config: plannedKubelet(PLAN) } },
    });
  });

  it('installs the very script that reserves the pages, with a unit that the kubelet requires', async () => {
    const { attachments } = await PostalMime.parse(render('launch-template'));
    const text = Buffer.from(attachments[0].content as ArrayBuffer).toString();
    const here = (name: string) => new RegExp(`<<'${name}'\n([^]*?)${name}\n`).exec(text)?.[1];
    const source = new URL('../../node-setup/reserve-hugepages.sh', import.meta.url);
    assert.equal(here('IRISPAIR_SCRIPT'), readFileSync(source, 'utf8'));
    const unit = here('IRISPAIR_UNIT') ?? '';
    assert.match(unit, /^Before=nodeadm-run.service kubelet.service$/m);
    assert.match(unit, /^RequiredBy=kubelet.service$/m);
  });

  it('tells the kubelet the same in every form', () => {
    const kubelet = plannedKubelet(PLAN);
    const [{ apiVersion, kind, ...written }] = documents(render('kubelet'));
    assert.deepEqual([apiVersion, kind], ['kubelet.config.k8s.io/v1beta1', 'KubeletConfiguration']);
    assert.deepEqual(written, kubelet);

    const [cluster] = documents(render('eksctl'));
    const groups = cluster.managedNodeGroups as { name: string; overrideBootstrapCommand?: string }[];
    const pair = groups.find(({ name }) => name === 'irispair');
    const config = parse(pair?.overrideBootstrapCommand ?? '') as { spec: { kubelet: { config: unknown } } };
    assert.deepEqual(config.spec.kubelet.config, kubelet);

    const [nodeClass] = documents(render('karpenter'));
    const { kubeReserved, systemReserved, evictionHard } = kubelet;
    const spec = nodeClass.spec as { kubelet: unknown; userData: string };
    assert.deepEqual(spec.kubelet, { kubeReserved, systemReserved, evictionHard });
    assert.equal(spec.userData, render('launch-template'));

    // The parser's objects have no prototype.
    const { settings } = JSON.parse(JSON.stringify(parseToml(render('bottlerocket')))) as {
      settings: { kubernetes: Record<string, unknown>; boot: Record<string, unknown> };
    };
    assert.deepEqual(settings.kubernetes['kube-reserved'], kubeReserved);
    assert.deepEqual(settings.kubernetes['system-reserved'], systemReserved);
    assert.deepEqual(settings.kubernetes['eviction-hard'], evictionHard);
    assert.deepEqual(
      settings.kubernetes['memory-manager-reserved-memory'],
      Object.fromEntries(
        kubelet.reservedMemory.map(({ numaNode, limits }) => [
          String(numaNode),
          { enabled: true, ...limits },
        ]),
      ),
    );
    assert.deepEqual(settings.boot['kernel-parameters'], { hugepages: [`1:${PLAN.iris.hugepages}`] });
  });

  it('is within what EC2 takes as user data', () => {
    for (const form of ['launch-template', 'bottlerocket'] as const) {
      assert.ok(Buffer.byteLength(render(form)) < 16 << 10);
    }
  });

  it('has Karpenter reckon with the hugepages', () => {
    const [, pool, overlay] = documents(render('karpenter'));
    assert.equal(pool.kind, 'NodePool');
    assert.deepEqual((overlay.spec as { capacity: unknown }).capacity, {
      'hugepages-2Mi': `${2 * PLAN.iris.hugepages}Mi`,
    });
  });

  it('is committed for two machines as it is rendered', () => {
    execFileSync('sh', [RENDER_EXAMPLES, directory]);
    const files = readdirSync(EXAMPLES).flatMap((machine) =>
      readdirSync(join(EXAMPLES, machine)).map((file) => join(machine, file)),
    );
    assert.equal(files.length, 2 * (FORMS.length + 1));
    for (const file of files) {
      assert.equal(
        readFileSync(join(EXAMPLES, file), 'utf8'),
        readFileSync(join(directory, file), 'utf8'),
        `${file}: sh k8s/eks/render-examples.sh k8s/eks/examples`,
      );
    }
  });

  it('refuses to reserve pages where there is no such node', () => {
    const script = fileURLToPath(new URL('../../node-setup/reserve-hugepages.sh', import.meta.url));
    const ran = spawnSync('sh', [script, '999', '1'], { encoding: 'utf8' });
    assert.equal(ran.status, 1);
    assert.match(ran.stderr, /this machine has no node 999: the nodes are 0/);
    assert.equal(spawnSync('sh', [script, '1']).status, 2);
    assert.match(spawnSync('sh', [script, 'one', '1'], { encoding: 'utf8' }).stderr, /give numbers/);
  });
});

describe('irispair nodes', () => {
  it('has the table of sizes that the documentation shows', () => {
    const text = readFileSync(new URL('../../../docs/eks.md', import.meta.url), 'utf8');
    const rows = [SIZE_HEAD, ...sizes().map(sizeRow)].map((row) => `| ${row.join(' | ')} |`);
    for (const row of rows) assert.ok(text.includes(`${row}\n`), row);
  });

  it('plans from the facts that it wrote', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'irispair-facts-'));
    try {
      const path = join(directory, 'facts.json');
      const written = await irispair(['nodes', 'facts', '--name', 'here']);
      assert.equal(written.code, 0, written.errors);
      const facts = JSON.parse(written.output) as {
        nodes: { id: number; cpus: string; memoryBytes: number }[];
      };
      assert.ok(facts.nodes.length > 0);
      const [{ memoryBytes }] = facts.nodes;
      assert.ok(memoryBytes > 0);
      const two = [
        { id: 0, cpus: '0-17,36-53', memoryBytes: 70e9 },
        { id: 1, cpus: '18-35,54-71', memoryBytes: 70e9 },
      ];
      writeFileSync(path, JSON.stringify({ ...facts, threadsPerCore: 2, nodes: two }));
      const args = ['nodes', 'plan', '--facts', path, '--capacity', '100000', '--json'];
      const { output } = await irispair(args);
      const plan = JSON.parse(output) as NodePlan;
      assert.deepEqual([plan.machine.name, plan.graph.cpus, plan.iris.cpus], ['here', 32, 36]);
      writeFileSync(path, JSON.stringify({ ...facts, nodes: [{ id: 0, cpus: 'all', memoryBytes: 1 }] }));
      const refused = await irispair(args);
      assert.equal(refused.code, 1);
      assert.match(refused.errors, /--facts: nodes.0.cpus: give a list such as 0-17,36-53/);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('refuses wrong usage', async () => {
    for (const [args, message] of [
      [['plan', '--capacity', '1'], /--instance or --facts: say which machine/],
      [['plan', '--instance', 'c5.18xlarge', '--facts', 'x', '--capacity', '1'], /cannot be used with/],
      [['plan', '--instance', 'c5.18xlarge'], /required option '--capacity/],
      [['render', 'eksctl', '--instance', 'c5.18xlarge', '--capacity', '1'], /--region: say in which/],
      [['render', 'yaml', '--instance', 'c5.18xlarge', '--capacity', '1'], /give one of eksctl, karpenter/],
    ] as const) {
      const { code, errors } = await irispair(['nodes', ...args]);
      assert.equal(code, 2, errors);
      assert.match(errors, message);
    }
    const unknown = await irispair(['nodes', 'plan', '--instance', 't3.nano', '--capacity', '1']);
    assert.equal(unknown.code, 1);
    assert.match(
      unknown.errors,
      /t3.nano is not listed: start one, write its facts with irispair nodes facts/,
    );
  });
});
