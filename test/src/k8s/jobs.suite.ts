/** The checks that the chart brings along, and the values that `irispair nodes render` writes for it. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { z } from 'zod';
import { manifestsOf, render, type Manifest } from './chart.js';
import { workloadsOf, type Container } from './policies.js';
import { CHART, CHECKOUT, makeTools, output, type Tools } from './tools.js';

const EXAMPLES = join(CHECKOUT, 'k8s/eks/examples');
const PARTY = join(CHART, 'ci/party-0-values.yaml');
const LABELLED = z.looseObject({ labels: z.record(z.string(), z.string()) });
const ENVIRONMENT = z.array(z.object({ name: z.string(), value: z.string() }));

let tools: Tools;
before(() => {
  tools = makeTools(() => undefined);
});

function valuesOf(example: string): string[] {
  const values = join(EXAMPLES, example, 'values.yaml');
  // The parties' addresses and secrets are no part of a plan.
  return [...(example.includes('shared') ? ['--values', PARTY] : []), '--values', values];
}

/** A Job or Pod by the end of its name. */
function check(manifests: readonly Manifest[], name: string): Manifest {
  const found = manifests.find(
    ({ kind, metadata }) => ['Job', 'Pod'].includes(kind) && metadata.name.endsWith(`-${name}`),
  );
  assert.ok(found, `no check ${name}`);
  return found;
}

function containerOf(manifest: Manifest): Container {
  const [{ pod }] = workloadsOf([manifest]);
  assert.equal(pod.containers.length, 1);
  return pod.containers[0];
}

function irisService(manifests: readonly Manifest[]): Container {
  const containers = workloadsOf(manifests).flatMap(({ pod }) => pod.containers);
  const found = containers.find(({ name }) => name === 'iris-service');
  assert.ok(found);
  return found;
}

/** Of the pod. */
function labelsOf({ kind, metadata, spec }: Manifest): Record<string, string> {
  if (kind === 'Pod') return LABELLED.parse(metadata).labels;
  return z.looseObject({ template: z.looseObject({ metadata: LABELLED }) }).parse(spec).template.metadata
    .labels;
}

for (const example of readdirSync(EXAMPLES)) {
  describe(`the values planned for ${example}`, () => {
    let manifests: Manifest[];
    before(() => {
      manifests = manifestsOf(render(tools, ...valuesOf(example)));
    });

    it('are taken by the chart, and pass helm lint', () => {
      output(tools.helm, ['lint', '--strict', '--quiet', CHART, ...valuesOf(example)]);
    });

    it('have the preflight ask for what the iris service asks for, with its rights and settings', () => {
      const iris = irisService(manifests);
      const preflight = containerOf(check(manifests, 'preflight'));
      assert.deepEqual(preflight.resources, iris.resources);
      assert.deepEqual(preflight.securityContext, iris.securityContext);
      const settings = new Map(ENVIRONMENT.parse(iris.env).map(({ name, value }) => [name, value] as const));
      const told = ENVIRONMENT.parse(preflight.env);
      assert.ok(told.some(({ name }) => name === 'IRISPAIR_MEMORY_BINDING'));
      for (const { name, value } of told) assert.equal(value, settings.get(name), name);
      const { args } = z.looseObject({ args: z.array(z.string()) }).parse(preflight);
      assert.deepEqual(args, [
        'doctor',
        '--capacity',
        settings.get('IRIS_STORE_INITIAL_CAPACITY'),
        '--mode',
        settings.get('IRISPAIR_MODE') ?? 'plain',
      ]);
    });

    it('send the preflight where the pair goes', () => {
      const places = workloadsOf(manifests)
        .filter(({ name }) => !name.endsWith('-placement'))
        .map(({ pod: { nodeSelector, tolerations, affinity } }) => ({ nodeSelector, tolerations, affinity }));
      assert.equal(places.length, 2);
      assert.deepEqual(places[0], places[1]);
      assert.notEqual(places[0].nodeSelector, undefined);
    });

    it('keep the checks out of the Services and policies of the pair', () => {
      const selectors = manifests
        .filter(({ kind }) => kind === 'Service')
        .map(
          ({ spec }) => z.looseObject({ selector: z.record(z.string(), z.string()) }).parse(spec).selector,
        );
      assert.ok(selectors.length > 0);
      for (const name of ['preflight', 'placement']) {
        const labels = labelsOf(check(manifests, name));
        for (const selector of selectors) {
          assert.ok(Object.entries(selector).some(([key, value]) => labels[key] !== value));
        }
      }
    });
  });
}

describe('the checks of the chart', () => {
  it('are hooks: the preflight before an installation, the placement in helm test', () => {
    const manifests = manifestsOf(render(tools));
    const hook = (name: string) =>
      z
        .looseObject({ annotations: z.looseObject({ 'helm.sh/hook': z.string() }) })
        .parse(check(manifests, name).metadata).annotations['helm.sh/hook'];
    assert.deepEqual([hook('preflight'), hook('placement')], ['pre-install', 'test']);
  });

  it('can do without the preflight', () => {
    const manifests = manifestsOf(render(tools, '--set', 'checks.preflight=false'));
    assert.throws(() => check(manifests, 'preflight'));
    check(manifests, 'placement');
  });

  it('bind nothing in helm test, whatever binds the memory of the pair', () => {
    const manifests = manifestsOf(render(tools, '--set', 'memoryBinding=process'));
    const added = (name: string) => containerOf(check(manifests, name)).securityContext?.capabilities.add;
    assert.deepEqual([added('preflight'), added('placement')], [['SYS_NICE'], []]);
  });
});
