/**
 * The base image of the test: Debian by `debootstrap`, with the Node and npm that run this test.
 *
 * It stands for an official Node image where that cannot be pulled. How this machine reaches its package registries
 * (mirror, proxies, authorities) goes into it, since builds happen in it.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import {
  chmod,
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readFile,
  realpath,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { mustRun } from './command.js';
import { lines, type DockerEngine } from './engine.js';

const REPOSITORY = 'irispair-test/base';
const AUTHORITIES = 'etc/ssl/certs/ca-certificates.crt';
const NOT_NEEDED = [
  'usr/share/doc',
  'usr/share/info',
  'usr/share/locale',
  'usr/share/man',
  'var/cache/apt',
  'var/lib/apt/lists',
];

/** Makes the image unless the engine has it. Returns its name. */
export async function makeBaseImage(engine: DockerEngine, note: (line: string) => void): Promise<string> {
  const machine = await readMachine();
  const image = `${REPOSITORY}:${fingerprint(machine)}`;
  if (lines(await engine.docker('images', '--quiet', image)).length > 0) return image;
  note(`making a base image of Debian ${machine.suite} with Node ${process.versions.node} ...`);
  const root = await mkdtemp(join(tmpdir(), 'irispair-base-'));
  try {
    await mustRun([
      'debootstrap',
      '--variant=minbase',
      '--include=ca-certificates',
      machine.suite,
      root,
      machine.mirror,
    ]);
    await addNode(root, machine);
    for (const path of NOT_NEEDED) await rm(join(root, path), { recursive: true, force: true });
    await mkdir(join(root, 'var/cache/apt/archives/partial'), { recursive: true });
    const archive = `${root}.tar`;
    try {
      await mustRun(['tar', '--directory', root, '--create', '--file', archive, '.']);
      await engine.docker(
        'import',
        '--change',
        'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        archive,
        image,
      );
    } finally {
      await rm(archive, { force: true });
    }
  } finally {
    await rm(root, { recursive: true, force: true });
  }
  return image;
}

/** What of this machine goes into the image. */
interface Machine {
  readonly suite: string;
  readonly mirror: string;
  readonly aptSettings: string;
  readonly npmSettings: string;
  readonly npm: string;
  readonly npmVersion: string;
}

async function readMachine(): Promise<Machine> {
  const suite = /^VERSION_CODENAME=(.*)$/m.exec(await readFile('/etc/os-release', 'utf8'))?.[1];
  if (suite === undefined)
    throw new Error('/etc/os-release names no VERSION_CODENAME: this is no Debian or Ubuntu');
  const npm = join((await mustRun(['npm', 'root', '--global'])).trim(), 'npm');
  return {
    suite,
    mirror: await readMirror(suite),
    aptSettings: lines(await mustRun(['apt-config', 'dump', '--format', '%F "%v";%n']))
      .filter((line) => /^Acquire::https?::/.test(line))
      .join('\n'),
    npmSettings: await readNpmSettings(),
    npm,
    npmVersion: (await mustRun(['npm', '--version'])).trim(),
  };
}

async function readMirror(suite: string): Promise<string> {
  const targets = await mustRun([
    'apt-get',
    'indextargets',
    '--format',
    '$(REPO_URI) $(CODENAME) $(COMPONENT)',
    'Created-By: Packages',
  ]);
  const mirror = lines(targets)
    .map((line) => line.split(' '))
    .find(([, codename, component]) => codename === suite && component === 'main')?.[0];
  if (mirror === undefined) throw new Error(`apt knows no mirror of ${suite}: run apt-get update`);
  return mirror;
}

async function readNpmSettings(): Promise<string> {
  const settings = [`cafile=/${AUTHORITIES}`];
  for (const name of ['registry', 'proxy', 'https-proxy', 'noproxy']) {
    const value = (await mustRun(['npm', 'config', 'get', name])).trim();
    if (value !== '' && value !== 'null' && value !== 'undefined') settings.push(`${name}=${value}`);
  }
  return settings.join('\n');
}

function fingerprint(machine: Machine): string {
  return createHash('sha256')
    .update(JSON.stringify([process.version, NOT_NEEDED, machine]))
    .digest('hex')
    .slice(0, 12);
}

/** As the official images have it: below /usr/local. */
async function addNode(root: string, { npm, npmSettings, aptSettings }: Machine): Promise<void> {
  const local = join(root, 'usr/local');
  await mkdir(join(local, 'lib/node_modules'), { recursive: true });
  await mkdir(join(local, 'etc'), { recursive: true });
  await copyFile(await realpath(process.execPath), join(local, 'bin/node'));
  await chmod(join(local, 'bin/node'), 0o755);
  await cp(npm, join(local, 'lib/node_modules/npm'), { recursive: true });
  await symlink('../lib/node_modules/npm/bin/npm-cli.js', join(local, 'bin/npm'));
  await symlink('../lib/node_modules/npm/bin/npx-cli.js', join(local, 'bin/npx'));
  await writeFile(join(local, 'etc/npmrc'), `${npmSettings}\n`);
  await writeFile(join(root, 'etc/apt/apt.conf.d/99machine'), `${aptSettings}\n`);
  const authorities = join('/', AUTHORITIES);
  if (existsSync(authorities)) {
    await mkdir(dirname(join(root, AUTHORITIES)), { recursive: true });
    await copyFile(authorities, join(root, AUTHORITIES));
  }
}
