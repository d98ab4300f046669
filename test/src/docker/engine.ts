/**
 * A Docker engine of the test's own, beside any that runs on the machine.
 *
 * 1. Images lie in a folder that is kept, so that a second run finds them; sockets and process files in one that is not.
 * 2. Stopping leaves no container, network, volume, mount or control group behind. Whoever is stopped in the midst of it runs
 *    confined (confined.ts): the kernel ends the engine with its processes, and the next start removes what is left.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@irispair/common/errors/message';
import { mustRun, runCommand } from './command.js';

const START_SECONDS = 60;
const CONTROL_GROUP = 'irispair-test';
const CONTROL_GROUPS = '/sys/fs/cgroup';

/**
 * Which network the engine is in. In the machine's, builds reach the package registries, and no firewall rule is made.
 * In a network namespace of its own it makes bridges and firewall rules as it does for users.
 */
export type EngineNetwork = 'machine' | 'namespace';

/** A running engine. */
export class DockerEngine {
  private constructor(
    private readonly daemon: ChildProcess,
    private readonly runtime: string,
    /** For clients: `DOCKER_HOST`. */
    readonly host: string,
  ) {}

  /**
   * @param images kept folder of the images
   * @param network that of this process
   * @throws Error with what the engine said when it cannot run here
   */
  static async start(images: string, network: EngineNetwork): Promise<DockerEngine> {
    await mkdir(images, { recursive: true });
    // A Unix socket's path must be short.
    const runtime = await mkdtemp(join(tmpdir(), 'irispair-docker-'));
    const host = `unix://${join(runtime, 'docker.sock')}`;
    const daemon = spawn(
      'dockerd',
      [
        ...['--data-root', images, '--exec-root', join(runtime, 'exec'), '--pidfile', join(runtime, 'pid')],
        ...['--host', host, '--group', 'root', '--containerd-namespace', CONTROL_GROUP],
        ...['--containerd-plugins-namespace', `${CONTROL_GROUP}-plugins`],
        ...['--exec-opt', 'native.cgroupdriver=cgroupfs', '--cgroup-parent', `/${CONTROL_GROUP}`],
        ...['--bridge', 'none', '--ip6tables=false'],
        ...(network === 'machine' ? ['--iptables=false', '--ip-forward=false'] : []),
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const log = join(runtime, 'log');
    const file = createWriteStream(log);
    daemon.stdout.pipe(file, { end: false });
    daemon.stderr.pipe(file, { end: false });
    const engine = new DockerEngine(daemon, runtime, host);
    try {
      await engine.untilItAnswers();
      await engine.removeLeftovers();
    } catch (error) {
      const said = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').slice(-3).join('\n') : '';
      await engine.end();
      throw new Error(`${messageOf(error)}\n${said}`, { cause: error });
    }
    return engine;
  }

  /** Runs the client, which must succeed. Returns its output. */
  docker(...args: string[]): Promise<string> {
    return mustRun([dockerClient(), ...args], { environment: this.environment });
  }

  /** For clients of this engine. */
  get environment(): Record<string, string> {
    return { DOCKER_HOST: this.host, DOCKER_BUILDKIT: '1' };
  }

  /** Removes all but images, and stops. */
  async stop(): Promise<void> {
    if (this.isRunning()) await this.removeLeftovers();
    await this.end();
  }

  private isRunning(): boolean {
    return this.daemon.exitCode === null && this.daemon.signalCode === null;
  }

  private async end(): Promise<void> {
    if (this.isRunning()) {
      const ended = once(this.daemon, 'exit');
      this.daemon.kill('SIGTERM');
      await ended;
    }
    await unmountBelow(this.runtime);
    await rm(this.runtime, { recursive: true, force: true });
    await removeControlGroups();
  }

  private async untilItAnswers(): Promise<void> {
    for (let tries = 0; tries < START_SECONDS * 5; tries++) {
      if (!this.isRunning())
        throw new Error(`dockerd ended: ${String(this.daemon.exitCode ?? this.daemon.signalCode)}`);
      const { code } = await runCommand([dockerClient(), 'version'], { environment: this.environment });
      if (code === 0) return;
      await sleep(200);
    }
    throw new Error(`dockerd did not answer within ${START_SECONDS} s`);
  }

  /** Of this run, or of one that was killed. */
  private async removeLeftovers(): Promise<void> {
    const containers = lines(await this.docker('ps', '--all', '--quiet'));
    if (containers.length > 0) await this.docker('rm', '--force', '--volumes', ...containers);
    const volumes = lines(await this.docker('volume', 'ls', '--quiet'));
    if (volumes.length > 0) await this.docker('volume', 'rm', '--force', ...volumes);
    const networks = lines(await this.docker('network', 'ls', '--quiet', '--filter', 'type=custom'));
    if (networks.length > 0) await this.docker('network', 'rm', ...networks);
  }
}

/** The lines of an output. */
export function lines(output: string): string[] {
  return output.split('\n').filter((line) => line !== '');
}

/** Debian's client is of its engine's age; one that lies before it in the path may need plugins to build. */
export function dockerClient(): string {
  return existsSync('/usr/bin/docker') ? '/usr/bin/docker' : 'docker';
}

async function unmountBelow(directory: string): Promise<void> {
  const mounted = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((place) => place.startsWith(`${directory}/`));
  for (const place of mounted.reverse()) await mustRun(['umount', place]);
}

/** A control group goes when it is empty, its children first; each hierarchy of the first version has its own. */
async function removeControlGroups(): Promise<void> {
  const hierarchies = await readdir(CONTROL_GROUPS);
  for (const parent of [CONTROL_GROUPS, ...hierarchies.map((name) => join(CONTROL_GROUPS, name))]) {
    const group = join(parent, CONTROL_GROUP);
    if (existsSync(group)) await removeControlGroup(group);
  }
}

async function removeControlGroup(group: string): Promise<void> {
  const entries = await readdir(group, { withFileTypes: true });
  for (const entry of entries) if (entry.isDirectory()) await removeControlGroup(join(group, entry.name));
  await rmdir(group);
}
