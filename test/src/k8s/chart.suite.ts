/** The chart: rendered over a matrix of values, held against Kubernetes' schemas, policies, golden files and the code. */
import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { before, describe, it } from 'node:test';
import { arenaHugepages } from '@irispair/native/arena-bytes';
import { IRIS_RECORD_BYTES } from '@irispair/native/engine-types';
import { SHARED_IRIS_RECORD_BYTES } from '@irispair/native/shared-engine-types';
import { parse } from 'yaml';
import { z } from 'zod';
import { manifestsOf, refusal, render, type Manifest } from './chart.js';
import { breaches, workloadsOf, type Workload } from './policies.js';
import { CHART, CHECKOUT, makeTools, output, type Tools } from './tools.js';
import { CHART_README, defaults, describedValues, readmeWithTable } from './values-table.js';

const VALUES = join(CHART, 'ci');
const GOLDEN = join(CHECKOUT, 'k8s/charts/golden');
const UPDATE = process.env.IRISPAIR_UPDATE_GOLDEN === '1';
const DASHBOARDS = join(CHECKOUT, 'docker/grafana/dashboards');
const RULES = join(CHECKOUT, 'docker/prometheus/rules/irispair.yml');
/** A chart cannot read what lies outside of it: each file, and where it has it. */
const COPIES = [
  ...readdirSync(DASHBOARDS)
    .filter((file) => file.endsWith('.json'))
    .map((file) => [join(DASHBOARDS, file), join(CHART, 'files/dashboards', file)] as const),
  [RULES, join(CHART, 'files/rules/irispair.yml')] as const,
];
const CASES = readdirSync(VALUES).map((name) => name.replace('-values.yaml', ''));

let tools: Tools;
before(() => {
  tools = makeTools(() => undefined);
  if (UPDATE) for (const [source, copy] of COPIES) cpSync(source, copy);
});

function valuesOf(name: string): string[] {
  return ['--values', join(VALUES, `${name}-values.yaml`)];
}

/** One `--set` option a value. */
function set(...settings: readonly string[]): string[] {
  return settings.flatMap((setting) => ['--set-json', setting]);
}

/** How many objects kubeconform finds to be what. */
function validate(text: string): Record<string, number> {
  const locations = tools.schemas.flatMap((folder) => [
    '-schema-location',
    `${folder}/{{.ResourceKind}}{{.KindSuffix}}.json`,
  ]);
  const report = output(tools.kubeconform, ['-strict', '-summary', '-output', 'json', ...locations], text);
  return z.object({ summary: z.record(z.string(), z.number()) }).parse(JSON.parse(report)).summary;
}

function pair(manifests: readonly Manifest[]): Workload {
  const found = workloadsOf(manifests).find(({ serves }) => serves);
  assert.ok(found);
  return found;
}

function environmentOf(manifests: readonly Manifest[], container: string): Map<string, string> {
  const env = pair(manifests).pod.containers.find(({ name }) => name === container)?.env;
  const entries = z.array(z.object({ name: z.string(), value: z.string() })).parse(env);
  assert.equal(new Set(entries.map(({ name }) => name)).size, entries.length, 'a variable is there twice');
  return new Map(entries.map(({ name, value }) => [name, value]));
}

describe('the chart', () => {
  it('passes helm lint, strictly, with every file of values', () => {
    for (const name of CASES) output(tools.helm, ['lint', '--strict', '--quiet', CHART, ...valuesOf(name)]);
  });

  it('says of every value what it is, in the schema and in its README', () => {
    assert.deepEqual(
      describedValues()
        .map(({ key }) => key)
        .sort(),
      [...defaults().keys()].sort(),
    );
    const readme = readFileSync(CHART_README, 'utf8');
    if (UPDATE) writeFileSync(CHART_README, readmeWithTable(readme));
    else assert.equal(readme, readmeWithTable(readme), 'npm run test:k8s -- --update writes the table anew');
  });

  for (const name of CASES) {
    describe(`with ${name} values`, () => {
      let text: string;
      let manifests: Manifest[];
      before(() => {
        text = render(tools, ...valuesOf(name));
        manifests = manifestsOf(text);
      });

      it('renders what the golden file has', () => {
        const golden = join(GOLDEN, `${name}.yaml`);
        if (UPDATE) writeFileSync(golden, text);
        assert.equal(text, readFileSync(golden, 'utf8'), 'npm run test:k8s -- --update writes it anew');
      });

      it('is valid by the schemas of Kubernetes and of the Prometheus operator, unknown fields refused', () => {
        assert.deepEqual(validate(text), { valid: manifests.length, invalid: 0, errors: 0, skipped: 0 });
      });

      it('keeps to the policies', () => {
        const found = workloadsOf(manifests);
        assert.ok(found.length > 0);
        assert.deepEqual(
          found.flatMap((workload) => breaches(workload, name === 'process')),
          [],
        );
      });

      it('gives hugepages to the iris service alone, and a pod of one replica', () => {
        for (const { name: container, resources } of pair(manifests).pod.containers) {
          assert.equal(
            resources.limits['hugepages-2Mi'] !== undefined,
            container === 'iris-service',
            container,
          );
        }
        const set = manifests.find(({ kind }) => kind === 'StatefulSet');
        assert.equal(z.object({ replicas: z.number() }).parse(set?.spec).replicas, 1);
      });
    });
  }

  it('would be refused with a field that nobody knows, whoever defines the kind', () => {
    const text = render(tools, ...valuesOf('postgres'));
    for (const [kind, place] of [
      ['StatefulSet', /^ {2}replicas: 1$/m],
      ['ServiceMonitor', /^ {2}endpoints:$/m],
      ['PrometheusRule', /^ {2}groups:$/m],
    ] as const) {
      const unknown = text.replace(place, '  unknownField: 1\n$&');
      assert.notEqual(unknown, text);
      assert.throws(() => validate(unknown), new RegExp(`"kind": "${kind}"[^]*unknownField`), kind);
    }
  });

  it('adds SYS_NICE where the process binds memory, and no capability otherwise', () => {
    const added = (name: string) =>
      pair(manifestsOf(render(tools, ...valuesOf(name)))).pod.containers.map(
        ({ securityContext }) => securityContext?.capabilities.add ?? [],
      );
    assert.deepEqual(added('default'), [[], []]);
    assert.deepEqual(added('process'), [['SYS_NICE'], ['SYS_NICE'], []]);
  });

  it('has Grafana show what docker/ has, and Prometheus alert by the same rules', () => {
    for (const [source, copy] of COPIES) {
      assert.equal(
        readFileSync(copy, 'utf8'),
        readFileSync(source, 'utf8'),
        `npm run test:k8s -- --update copies ${source}`,
      );
    }
    const values = set('monitoring.dashboards.enabled=true', 'monitoring.prometheusRule.enabled=true');
    const manifests = manifestsOf(render(tools, ...values));
    const shown = manifests.filter(({ kind }) => kind === 'ConfigMap');
    const dashboards = COPIES.filter(([source]) => source.endsWith('.json'));
    assert.equal(shown.length, dashboards.length);
    for (const [source] of dashboards) {
      const file = basename(source);
      const map = shown.find(({ metadata }) =>
        metadata.name.endsWith(`-dashboard-${file.replace('.json', '')}`),
      );
      const data = z.record(z.string(), z.string()).parse(map?.data);
      assert.deepEqual(JSON.parse(data[file]), JSON.parse(readFileSync(source, 'utf8')));
    }
    const rule = manifests.find(({ kind }) => kind === 'PrometheusRule');
    assert.deepEqual(rule?.spec, parse(readFileSync(RULES, 'utf8')));
  });

  it('tells each party of its own and of the others', () => {
    const leader = manifestsOf(render(tools, ...valuesOf('party-0')));
    const follower = manifestsOf(render(tools, ...valuesOf('party-2')));
    assert.equal(environmentOf(leader, 'graph-service').get('IRISPAIR_AGREEMENT_LISTEN'), '0.0.0.0:50062');
    assert.equal(environmentOf(follower, 'graph-service').has('IRISPAIR_AGREEMENT_LISTEN'), false);
    assert.equal(environmentOf(follower, 'iris-service').get('IRISPAIR_PARTY'), '2');
    assert.equal(
      environmentOf(follower, 'iris-service').get('IRISPAIR_PARTIES'),
      'a.example:50061,b.example:50061,c.example:50061',
    );
    const claims = (manifests: readonly Manifest[]) => {
      const spec = manifests.find(({ kind }) => kind === 'StatefulSet')?.spec;
      const { volumeClaimTemplates } = z
        .looseObject({ volumeClaimTemplates: z.array(MANIFEST_NAME) })
        .parse(spec);
      return volumeClaimTemplates.map(({ metadata }) => metadata.name);
    };
    assert.deepEqual(claims(leader), ['graph', 'irises']);
    assert.deepEqual(claims(follower), ['graph']);
  });
});

const MANIFEST_NAME = z.looseObject({ metadata: z.looseObject({ name: z.string() }) });

describe('the chart refuses, with a sentence,', () => {
  const sharedParty = [
    'mode="shared"',
    'capacity=10000',
    'iris.hugepages="1Gi"',
    'party.secret.name="p"',
    'party.links=["a:1","b:1","c:1"]',
    'party.agreement=["a:2","b:2","c:2"]',
    'networkPolicy.parties=[{"ipBlock":{"cidr":"192.0.2.0/24"}}]',
  ];
  const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
    [
      'too few hugepages',
      ['capacity=1000000'],
      /iris\.hugepages: 512Mi do not hold the irises: a capacity of 1000000 in plain mode takes 4640Mi/,
    ],
    [
      'hugepages that are no whole pages',
      ['iris.hugepages="513Mi"'],
      /iris\.hugepages: 513Mi is no whole number of 2 MiB pages: give 514Mi/,
    ],
    [
      'more hugepages than a node has',
      ['node.hugepages="256Mi"'],
      /iris\.hugepages: 512Mi are more than the 256Mi that a node has reserved/,
    ],
    ['fractional CPUs', ['graph.cpus=3.5'], /graph\.cpus: 3\.5 is no whole number of CPUs/],
    ['CPUs in thousandths', ['iris.cpus="3500m"'], /iris\.cpus: 3500m is no whole number of CPUs/],
    ['one NUMA node for both', ['numa.graphNode=1'], /numa\.irisNode: 1 is the graph service's node too/],
    ['no CPUs', ['iris.cpus=0'], /iris\.cpus: 0 is no whole number/],
    [
      'requests apart from limits',
      ['graph.resources={"requests":{"cpu":1}}'],
      /graph.*additional properties 'resources' not allowed/,
    ],
    ['unknown keys', ['irises=5'], /additional properties 'irises' not allowed/],
    ['more replicas than there can be', ['replicas=2'], /additional properties 'replicas' not allowed/],
    ['another mode', ['mode="clear"'], /mode.*must be one of/],
    ['sizes without a unit', ['iris.memory="5000000000"'], /iris\/memory.*does not match pattern/],
    [
      'a volume that does not hold the irises',
      ['store.volume.irises="500Mi"'],
      /store\.volume\.irises: 500Mi do not hold the irises: a capacity of 100000 in plain mode takes 782Mi/,
    ],
    [
      'passwords in a URL',
      ['store.graph="postgres://a:b@c/d"', 'networkPolicy.databases=[{"podSelector":{}}]'],
      /store\.graph: the URL holds a password.*store\.passwordSecret/,
    ],
    [
      'a database that the pod could not reach',
      ['store.graph="postgres://a@c/d"'],
      /networkPolicy\.databases: empty: the pod could not reach its database/,
    ],
    [
      'a collector that it could not reach',
      ['tracing.endpoint="http://c:4317"'],
      /networkPolicy\.collector: empty/,
    ],
    ['the tag latest', ['image.tag="latest"'], /image\.tag: latest names another image every day/],
    [
      'settings that it gives itself',
      ['iris.settings={"IRISPAIR_HUGEPAGES":"off"}'],
      /iris\.settings\.IRISPAIR_HUGEPAGES: the chart sets it/,
    ],
    ['settings of nobody', ['iris.settings={"PATH":"/"}'], /iris\.settings\.PATH: no setting of the service/],
    [
      'sidecars that are not Guaranteed',
      [
        'sidecars=[{"name":"p","image":"p:1","resources":{"requests":{"cpu":1,"memory":"1Gi"},"limits":{"cpu":2,"memory":"1Gi"}}}]',
      ],
      /sidecars: cpu of p: request 1, limit 2: they must be equal/,
    ],
    [
      'sidecars without limits',
      ['sidecars=[{"name":"p","image":"p:1"}]'],
      /sidecars: cpu of p: request none, limit none/,
    ],
    [
      'sidecars of no version',
      ['sidecars=[{"name":"p","image":"p:latest"}]'],
      /sidecars: image of p: p:latest names another image/,
    ],
    [
      'parts of CPUs in sidecars',
      ['sidecars=[{"name":"p","image":"p:1","resources":{"limits":{"cpu":"500m","memory":"1Gi"}}}]'],
      /sidecars: cpu of p: 500m is no whole number/,
    ],
    [
      'three parties without certificates',
      [...sharedParty, 'party.secret.name=""'],
      /party\.secret\.name: missing: mode shared needs a Secret/,
    ],
    [
      'two parties',
      [...sharedParty, 'party.links=["a:1","b:1"]'],
      /party\.links: 2 addresses: mode shared needs those of all three/,
    ],
    [
      'parties that cannot reach each other',
      [...sharedParty, 'networkPolicy.parties=[]'],
      /networkPolicy\.parties: empty/,
    ],
    ['a fourth party', [...sharedParty, 'party.index=3'], /party\/index.*maximum/],
    ['a Kubernetes that is too old', ['capacity=1', '--kube-version=1.31.0'], /requires kubeVersion/],
  ];
  for (const [what, settings, sentence] of cases) {
    it(what, () => {
      const options = settings.flatMap((one) => (one.startsWith('--') ? [one] : set(one)));
      assert.match(refusal(tools, ...options), sentence);
    });
  }

  it('by the figure that the arenas take, at any capacity, and takes just that', () => {
    for (const [mode, recordBytes, further] of [
      ['plain', IRIS_RECORD_BYTES, []],
      ['shared', SHARED_IRIS_RECORD_BYTES, sharedParty],
    ] as const) {
      for (const capacity of [1, 862, 863, 27_306, 27_307, 100_000, 1_234_567, 10_000_000]) {
        const mebibytes = 2 * arenaHugepages(recordBytes, capacity);
        const at = (size: number) =>
          set(...further, 'store.volume.irises="2Ti"', `capacity=${capacity}`, `iris.hugepages="${size}Mi"`);
        manifestsOf(render(tools, ...at(mebibytes)));
        if (mebibytes > 2)
          assert.match(refusal(tools, ...at(mebibytes - 2)), new RegExp(`${mode} mode takes ${mebibytes}Mi`));
      }
    }
  });
});
