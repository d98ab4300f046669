// Steps of set-up and checks: one short line each, the full output only of one that fails, nothing when nothing changed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = resolve(fileURLToPath(import.meta.url), '../..');
const STAMPS = join(ROOT, '.irispair');
const NOT_SOURCES = new Set(['node_modules', 'dist', 'build', 'generated', '.git']);

/** Files below a path, without what is built. @param {string} path @returns {string[]} */
export function filesBelow(path) {
  const full = join(ROOT, path);
  if (!existsSync(full)) return [];
  if (statSync(full).isFile()) return [path];
  return readdirSync(full)
    .filter((name) => !NOT_SOURCES.has(name))
    .sort()
    .flatMap((name) => filesBelow(join(path, name)));
}

/** @param {string[]} paths */
function fingerprint(paths) {
  const hash = createHash('sha256').update(process.version);
  for (const file of paths.flatMap(filesBelow)) hash.update(file).update(readFileSync(join(ROOT, file)));
  return hash.digest('hex');
}

/**
 * Runs a command; prints its output and ends this process when it fails.
 * @param {string} title @param {string[]} command
 */
export function run(title, [program, ...args]) {
  process.stderr.write(`${title} ...\n`);
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status === 0) return;
  process.stderr.write(`${stdout ?? ''}${stderr ?? ''}${error ? `${error.message}\n` : ''}${title} failed\n`);
  process.exit(1);
}

/**
 * Runs a command with its output shown as it comes. Returns its exit code.
 * @param {string[]} command @returns {number}
 */
export function show([program, ...args]) {
  return spawnSync(program, args, { cwd: ROOT, stdio: 'inherit' }).status ?? 1;
}

/**
 * Runs a step unless its inputs are as they were and its product is there.
 * @param {string} name @param {string[]} inputs @param {string} product @param {() => void} step
 */
export function unlessDone(name, inputs, product, step) {
  const stamp = join(STAMPS, `${name}.stamp`);
  const now = fingerprint(inputs);
  if (existsSync(join(ROOT, product)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === now) return;
  step();
  mkdirSync(STAMPS, { recursive: true });
  writeFileSync(stamp, now);
}
