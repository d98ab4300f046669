/**
 * Makes the guest's file system: an initramfs of busybox, node with its libraries, the two helpers, the people and the built
 * project with its production dependencies.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { dirname, extname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundlePrograms } from './bundle.js';
import { writePeople } from './people.js';

/** The checkout. */
export const ROOT = resolve(fileURLToPath(import.meta.url), '../../../../..');

/** Where the project lies in the guest. */
const PLACED = '/irispair';

/** What the guest's init calls; all of it is busybox. */
const COMMANDS = ['sh', 'mount', 'umount', 'stty', 'ifconfig', 'poweroff'];
const PACKAGES = ['proto', 'common', 'native', 'iris-service', 'graph-service', 'cli', 'test'];
/** What a program loads when it runs; declarations, sources and source maps stay here. */
const LOADED = new Set(['.js', '.cjs', '.mjs', '.json', '.node', '.proto', '.sh', '.sql']);
const HELPERS = ['forbid-binding', 'pages-by-node'];
const HELPER_FLAGS = ['-std=c++20', '-O1', '-Wall', '-Wextra', '-Werror', '-static'];

/** Builds the image in a directory; returns its path. */
export async function buildImage(directory: string): Promise<string> {
  const root = join(directory, 'root');
  rmSync(root, { recursive: true, force: true });
  for (const folder of ['bin', 'proc', 'sys', 'dev', 'tmp', 'mnt/hugepages-2MB', 'people']) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  addPrograms(root);
  addProject(join(root, PLACED));
  await bundlePrograms(join(root, PLACED), PLACED);
  writePeople(join(root, 'people'));
  const image = join(directory, 'image.cpio');
  execFileSync('sh', ['-c', 'find . | busybox cpio -o -H newc -R 0:0 >"$0" 2>/dev/null', image], {
    cwd: root,
  });
  return image;
}

function addPrograms(root: string): void {
  cpSync(execFileSync('which', ['busybox'], { encoding: 'utf8' }).trim(), join(root, 'bin/busybox'));
  for (const command of COMMANDS) symlinkSync('busybox', join(root, 'bin', command));
  cpSync(process.execPath, join(root, 'bin/node'));
  const binaries = [process.execPath, join(ROOT, 'native/build/irispair_native.node'), ...lmdbBinaries()];
  for (const library of new Set(binaries.flatMap(librariesOf))) {
    cpSync(library, join(root, library), { dereference: true });
  }
  for (const helper of HELPERS) {
    const source = join(ROOT, 'test/numa-vm', `${helper}.cc`);
    execFileSync('c++', [...HELPER_FLAGS, source, '-o', join(root, 'bin', helper)]);
  }
  cpSync(join(ROOT, 'test/numa-vm/init'), join(root, 'init'));
  chmodSync(join(root, 'init'), 0o755);
}

function lmdbBinaries(): string[] {
  return readdirSync(join(ROOT, 'node_modules/@lmdb'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.glibc.node'))
    .map((file) => join(ROOT, 'node_modules/@lmdb', file));
}

/** The shared libraries of a program, by the paths at which it looks for them. */
function librariesOf(program: string): string[] {
  const listed = execFileSync('ldd', [program], { encoding: 'utf8' });
  return listed.split('\n').flatMap((line) => /(?:=> |^\t)(\/\S+) \(/.exec(line)?.[1] ?? []);
}

function addProject(target: string): void {
  cpSync(join(ROOT, 'package.json'), join(target, 'package.json'));
  for (const name of PACKAGES) copyLoaded(join(ROOT, name), join(target, name));
  for (const path of productionModules()) copyLoaded(join(ROOT, path), join(target, path));
  linkPackages(target);
}

/** Paths of the production dependencies of everything that the guest runs, without this workspace's own packages. */
function productionModules(): string[] {
  const listed = execFileSync(
    'npm',
    ['ls', '--omit=dev', '--all', '--parseable', '--workspace=irispair', '--workspace=@irispair/test'],
    { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 26 },
  );
  return listed
    .split('\n')
    .map((path) => relative(ROOT, path))
    .filter((path) => path.startsWith('node_modules/') && !lstatSync(join(ROOT, path)).isSymbolicLink());
}

/** The packages of this workspace are found by the links that npm made. */
function linkPackages(target: string): void {
  for (const link of [
    'irispair',
    ...readdirSync(join(ROOT, 'node_modules/@irispair')).map((name) => `@irispair/${name}`),
  ]) {
    const path = join(target, 'node_modules', link);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(readlinkSync(join(ROOT, 'node_modules', link)), path);
  }
}

function copyLoaded(from: string, to: string): void {
  cpSync(from, to, {
    recursive: true,
    filter: (path) => {
      if (/(^|\/)node_modules$|\.test\.js$|\.musl\.node$/.test(relative(from, path))) return false;
      return statSync(path).isDirectory() || LOADED.has(extname(path));
    },
  });
}
