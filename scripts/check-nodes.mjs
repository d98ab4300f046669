// What `irispair nodes render` writes, held against the programs that read it: the kubelet's own code, Karpenter's and
// eksctl's schemas, shellcheck. The examples below k8s/eks are what is rendered: a unit test compares.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { moduleFolder } from './go.mjs';
import { ROOT, run, show } from './steps.mjs';

const CHECK = join(ROOT, 'k8s/eks/check');
const EXAMPLES = join(ROOT, 'k8s/eks/examples');
const PROGRAM = join(ROOT, '.irispair/check-nodes');
/** Modules that are read, not built: what they define is data. */
const KARPENTER = 'sigs.k8s.io/karpenter@v1.14.0';
const KARPENTER_AWS = 'github.com/aws/karpenter-provider-aws@v1.14.0';
const EKSCTL = 'github.com/weaveworks/eksctl@v0.215.0';

/** Lints the shell part of the launch template's user data. @param {string} example */
function lintShellPart(example) {
  const text = readFileSync(join(EXAMPLES, example, 'launch-template.txt'), 'utf8');
  const part = /text\/x-shellscript[^\n]*\n\n([^]*?)\n--/.exec(text)?.[1] ?? '';
  const directory = mkdtempSync(join(tmpdir(), 'irispair-shell-'));
  try {
    const file = join(directory, 'part.sh');
    writeFileSync(file, part);
    run(`shellcheck of ${example}`, ['shellcheck', file]);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const examples = readdirSync(EXAMPLES);
for (const example of examples) lintShellPart(example);
run('building the check of nodes', ['go', 'build', '-C', CHECK, '-o', PROGRAM, '.']);
const definitions = [KARPENTER, KARPENTER_AWS].map((module) => join(moduleFolder(module), 'pkg/apis/crds'));
const schema = join(moduleFolder(EKSCTL), 'pkg/apis/eksctl.io/v1alpha5/assets/schema.json');
const status = show([
  ...[PROGRAM, '-crds', definitions.join(','), '-eksctl', schema],
  ...examples.map((example) => join(EXAMPLES, example)),
]);
if (status !== 0) process.exit(status);
