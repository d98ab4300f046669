// The Go that Kubernetes' checks need: the machine's, or, where that is older, this version as a module of Go's own
// registry, which any Go can fetch. One that is older than 1.21 cannot switch to it by itself.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { ROOT } from './steps.mjs';

/** What kubeconform asks for, the most of all. */
const NEEDED = { major: 1, minor: 26 };
const VERSION = '1.26.8';
const ARCHITECTURES = new Map([
  ['x64', 'amd64'],
  ['arm64', 'arm64'],
]);

/** @param {string[]} args */
function go(args) {
  // Out of any module, so that no go.mod asks for another version; "local" keeps the answer that of this very program.
  return spawnSync('go', args, {
    cwd: tmpdir(),
    encoding: 'utf8',
    env: { ...process.env, GOTOOLCHAIN: 'local' },
  });
}

/** @param {string} problem @returns {never} */
function fail(problem) {
  process.stderr.write(
    `Go ${NEEDED.major}.${NEEDED.minor} or later is needed for Kubernetes' checks: ${problem}\n`,
  );
  process.exit(1);
}

function isNewEnough() {
  const { stdout, error } = go(['version']);
  if (error) fail('go: not found, install any Go: sh scripts/packages.sh k8s');
  const [, major, minor] = /go(\d+)\.(\d+)/.exec(stdout) ?? [];
  return Number(major) > NEEDED.major || (Number(major) === NEEDED.major && Number(minor) >= NEEDED.minor);
}

/** Modules are kept without the bits that programs need, and read-only. @param {string} root @param {string} system */
function makeUsable(root, system) {
  for (const entry of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    const path = join(root, entry);
    if (statSync(path).isDirectory()) chmodSync(path, 0o755);
  }
  for (const folder of ['bin', join('pkg/tool', system)]) {
    for (const program of readdirSync(join(root, folder))) chmodSync(join(root, folder, program), 0o755);
  }
}

/** The folder of a module of the Go module proxy. @param {string} module @returns {string} */
export function moduleFolder(module) {
  const { status, stdout, stderr } = go(['mod', 'download', '-json', module]);
  if (status === 0) return JSON.parse(stdout).Dir;
  process.stderr.write(`${module} cannot be fetched: ${stderr}${stdout}`);
  process.exit(1);
}

/** @param {string} root */
function fetchInto(root) {
  const architecture = ARCHITECTURES.get(process.arch);
  if (architecture === undefined) fail(`none is known for ${process.arch}, install one`);
  process.stderr.write(`Go ${VERSION} ...\n`);
  const module = moduleFolder(`golang.org/toolchain@v0.0.1-go${VERSION}.linux-${architecture}`);
  const part = mkdtempSync(`${root}.part-`);
  try {
    const copy = join(part, 'go');
    cpSync(module, copy, { recursive: true });
    makeUsable(copy, `linux_${architecture}`);
    renameSync(copy, root);
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
}

/** Puts a Go that is new enough first in this process's path, for the programs that it starts. */
export function provideGo() {
  if (isNewEnough()) return;
  const root = join(ROOT, `.irispair/go-${VERSION}`);
  if (!existsSync(root)) fetchInto(root);
  process.env.PATH = [join(root, 'bin'), process.env.PATH].join(delimiter);
  process.env.GOTOOLCHAIN = 'local';
}
