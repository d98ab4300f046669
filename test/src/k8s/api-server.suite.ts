/** The chart on a real API server: every object is accepted, every pod admitted where it should be, and nothing stays behind. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { until } from '@irispair/common/support/until';
import { parse } from 'yaml';
import { z } from 'zod';
import { ApiServer } from './api-server.js';
import { manifestsOf, type Manifest } from './chart.js';
import { CHART, makeTools, operatorDefinitions, type Tools } from './tools.js';

const VALUES = join(CHART, 'ci');
const CASES = readdirSync(VALUES).map((name) => name.replace('-values.yaml', ''));
/** Pod security standards: binding by the process needs SYS_NICE, which only the one without limits allows. */
const STANDARDS = new Map([['process', 'privileged']]);
const RELEASE = 'eyes';

const TEMPLATED = z.looseObject({
  template: z.looseObject({
    metadata: z.looseObject({}),
    spec: z.looseObject({ volumes: z.array(z.unknown()) }),
  }),
});
const CLAIMED = z.looseObject({
  volumeClaimTemplates: z.array(z.looseObject({ metadata: z.looseObject({ name: z.string() }) })).default([]),
});
const POD_STATUS = z.looseObject({ status: z.looseObject({ qosClass: z.string() }) });
/** Cases name what a cluster must have before. */
const PRIORITY = z.looseObject({ priorityClassName: z.string() });
const LIST = z.looseObject({
  items: z.array(z.looseObject({ metadata: z.looseObject({ name: z.string() }) })),
});

let tools: Tools;
let server: ApiServer;

before(async () => {
  tools = makeTools(() => undefined);
  server = await ApiServer.start();
  for (const file of operatorDefinitions()) {
    const definition: unknown = parse(readFileSync(file, 'utf8'));
    const made = await server.call(
      'POST',
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
      definition,
    );
    assert.equal(made.status, 201, JSON.stringify(made.body));
  }
  const { priorityClassName } = PRIORITY.parse(
    parse(readFileSync(join(VALUES, 'process-values.yaml'), 'utf8')),
  );
  const priority = await server.call('POST', '/apis/scheduling.k8s.io/v1/priorityclasses', {
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name: priorityClassName },
    value: 1,
  });
  assert.equal(priority.status, 201, JSON.stringify(priority.body));
  await until('the kinds of the Prometheus operator are served', async () => {
    const served = await Promise.all(
      ['servicemonitors', 'prometheusrules'].map((kinds) =>
        server.call('GET', `/apis/monitoring.coreos.com/v1/${kinds}`),
      ),
    );
    return served.every(({ status }) => status === 200);
  });
});
after(async () => {
  await server.stop();
});

async function makeNamespace(name: string, standard: string): Promise<void> {
  const labels = Object.fromEntries(
    ['enforce', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, standard]),
  );
  const made = await server.call('POST', '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels },
  });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  // The first is made by a cluster's controllers, the other by whoever names it in values.
  for (const account of ['default', 'pair']) {
    const path = `/api/v1/namespaces/${name}/serviceaccounts`;
    await server.call('POST', path, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: account },
    });
  }
}

function helm(...args: readonly string[]): string {
  return server.run(tools.helm, ...args);
}

function valuesOf(name: string): string[] {
  return ['--values', join(VALUES, `${name}-values.yaml`)];
}

/** Without its hooks: no kubelet runs them here. */
function install(namespace: string, ...values: readonly string[]): void {
  helm('install', RELEASE, CHART, '--namespace', namespace, '--no-hooks', ...values);
}

function released(namespace: string): Manifest[] {
  return ['manifest', 'hooks'].flatMap((what) =>
    manifestsOf(helm('get', what, RELEASE, '--namespace', namespace)),
  );
}

/** The pods that a cluster's controllers would make of a release, with the claims that a StatefulSet gives them. */
function podsOf(manifests: readonly Manifest[]): object[] {
  return manifests.flatMap(({ kind, metadata: { name }, spec }) => {
    if (kind === 'Pod') return [{ metadata: { name }, spec }];
    if (!['StatefulSet', 'Job'].includes(kind)) return [];
    const { template } = TEMPLATED.parse(spec);
    const claims = CLAIMED.parse(spec).volumeClaimTemplates.map((claim) => ({
      name: claim.metadata.name,
      persistentVolumeClaim: { claimName: `${claim.metadata.name}-${name}-0` },
    }));
    const volumes = [...template.spec.volumes, ...claims];
    return [{ metadata: { ...template.metadata, name: `${name}-0` }, spec: { ...template.spec, volumes } }];
  });
}

describe('the chart on an API server', () => {
  for (const name of CASES) {
    describe(`with ${name} values`, () => {
      const standard = STANDARDS.get(name) ?? 'restricted';
      const namespace = `with-${name}`;
      before(() => makeNamespace(namespace, standard));

      it('is accepted as a trial, then installed', () => {
        const trial = ['--namespace', namespace, '--dry-run=server', ...valuesOf(name)];
        helm('install', RELEASE, CHART, ...trial);
        install(namespace, ...valuesOf(name));
      });

      it(`has every pod admitted by the ${standard} standard without a warning, as Guaranteed`, async () => {
        const pods = podsOf(released(namespace));
        assert.ok(pods.length >= 2, 'the pair and a check at least');
        for (const pod of pods) {
          const path = `/api/v1/namespaces/${namespace}/pods?dryRun=All`;
          const { status, body, warnings } = await server.call('POST', path, {
            apiVersion: 'v1',
            kind: 'Pod',
            ...pod,
          });
          assert.equal(status, 201, JSON.stringify(body));
          assert.deepEqual(warnings, []);
          assert.equal(POD_STATUS.parse(body).status.qosClass, 'Guaranteed');
        }
      });

      it('is upgraded to another capacity, and leaves nothing behind when it is uninstalled', async () => {
        const larger = [
          '--set',
          'capacity=120000',
          '--set',
          'iris.hugepages=16Gi',
          '--set',
          'node.hugepages=',
        ];
        helm('upgrade', RELEASE, CHART, '--namespace', namespace, '--no-hooks', ...valuesOf(name), ...larger);
        helm('uninstall', RELEASE, '--namespace', namespace, '--no-hooks');
        const selector = `labelSelector=${encodeURIComponent(`app.kubernetes.io/instance=${RELEASE}`)}`;
        for (const kinds of [
          '/apis/apps/v1/namespaces/NAMESPACE/statefulsets',
          '/api/v1/namespaces/NAMESPACE/services',
          '/api/v1/namespaces/NAMESPACE/configmaps',
          '/api/v1/namespaces/NAMESPACE/serviceaccounts',
          '/apis/networking.k8s.io/v1/namespaces/NAMESPACE/networkpolicies',
          '/apis/policy/v1/namespaces/NAMESPACE/poddisruptionbudgets',
          '/apis/monitoring.coreos.com/v1/namespaces/NAMESPACE/servicemonitors',
          '/apis/monitoring.coreos.com/v1/namespaces/NAMESPACE/prometheusrules',
        ]) {
          const { body } = await server.call('GET', `${kinds.replace('NAMESPACE', namespace)}?${selector}`);
          assert.deepEqual(LIST.parse(body).items, [], kinds);
        }
      });
    });
  }

  it('has a pod that binds memory itself refused by the restricted standard, for SYS_NICE', async () => {
    await makeNamespace('strict', 'restricted');
    install('strict', ...valuesOf('process'));
    const [pair] = podsOf(released('strict'));
    const path = '/api/v1/namespaces/strict/pods?dryRun=All';
    const { status, body } = await server.call('POST', path, { apiVersion: 'v1', kind: 'Pod', ...pair });
    assert.equal(status, 403, JSON.stringify(body));
    assert.match(
      z.looseObject({ message: z.string() }).parse(body).message,
      /violates PodSecurity "restricted:latest": unrestricted capabilities .*must not include "SYS_NICE"/,
    );
  });

  it('moves a store off its volume once the StatefulSet, which keeps its claims, is deleted', async () => {
    await makeNamespace('moved', 'restricted');
    install('moved');
    const database = ['store.graph="postgres://a@c/d"', 'networkPolicy.databases=[{"podSelector":{}}]'];
    const upgrade = [
      ...['upgrade', RELEASE, CHART, '--namespace', 'moved', '--no-hooks'],
      ...database.flatMap((value) => ['--set-json', value]),
    ];
    assert.match(
      server.refusal(tools.helm, ...upgrade),
      /updates to statefulset spec for fields other than .* are forbidden/,
    );
    // Nobody collects garbage here, so that nothing would ever be orphaned.
    const path = `/apis/apps/v1/namespaces/moved/statefulsets/${RELEASE}-irispair?propagationPolicy=Background`;
    assert.equal((await server.call('DELETE', path)).status, 200);
    helm(...upgrade);
  });
});
