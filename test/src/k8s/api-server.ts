/**
 * An API server of Kubernetes for one suite: etcd and kube-apiserver, on loopback, with all of its own admission. Neither kubelet
 * nor controllers run, so that a StatefulSet makes no pod: whoever wants to know whether its pod is admitted creates it.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { until } from '@irispair/common/support/until';
import { freePort } from 'irispair/pair/free-port';
import { stringify } from 'yaml';
import { apiServerProgram, output } from './tools.js';

const HOST = '127.0.0.1';
const START_MILLISECONDS = 60_000;

/** What the server said to a call. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** What it warns of, admission's warnings among it. */
  readonly warnings: readonly string[];
}

export class ApiServer {
  private constructor(
    private readonly directory: string,
    private readonly process: ChildProcess,
    private readonly port: number,
    private readonly token: string,
  ) {}

  /** @throws Error with the end of the server's log when it does not get ready */
  static async start(): Promise<ApiServer> {
    const directory = mkdtempSync(join(tmpdir(), 'irispair-api-server-'));
    const port = await freePort();
    const token = randomBytes(24).toString('hex');
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const key = join(directory, 'accounts.key');
    writeFileSync(key, privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 });
    const tokens = join(directory, 'tokens.csv');
    writeFileSync(tokens, `${token},admin,admin,system:masters\n`, { mode: 0o600 });
    const log = openSync(join(directory, 'log'), 'w');
    const options = [
      `--bind-address=${HOST}`,
      `--secure-port=${port}`,
      `--cert-dir=${join(directory, 'certificates')}`,
      `--token-auth-file=${tokens}`,
      '--authorization-mode=RBAC',
      `--service-account-key-file=${key}`,
      `--service-account-signing-key-file=${key}`,
      '--service-account-issuer=https://irispair.test',
      '--service-cluster-ip-range=10.96.0.0/24',
    ];
    const child = spawn(apiServerProgram(), [directory, ...options], { stdio: ['pipe', log, log] });
    const server = new ApiServer(directory, child, port, token);
    try {
      await until('the API server is ready', () => server.isReady(), START_MILLISECONDS);
    } catch (error) {
      const said = readFileSync(join(directory, 'log'), 'utf8').slice(-2_000);
      await server.stop();
      throw new Error(`the API server did not start: ${said}`, { cause: error });
    }
    writeFileSync(server.kubeconfig, stringify(server.configuration()), { mode: 0o600 });
    return server;
  }

  get kubeconfig(): string {
    return join(this.directory, 'kubeconfig');
  }

  /** What a program wrote that finds this server by `--kubeconfig`. @throws Error with its messages when it fails */
  run(program: string, ...args: readonly string[]): string {
    return output(program, [...args, '--kubeconfig', this.kubeconfig]);
  }

  /** What a program that finds this server wrote to standard error. @throws Error when it succeeds */
  refusal(program: string, ...args: readonly string[]): string {
    const { status, stderr } = spawnSync(program, [...args, '--kubeconfig', this.kubeconfig], {
      encoding: 'utf8',
    });
    if (status === 0) throw new Error(`not refused: ${args.join(' ')}`);
    return stderr;
  }

  /** @param object the JSON of a body, unknown and repeated fields of which are refused */
  async call(method: 'GET' | 'POST' | 'DELETE', path: string, object?: unknown): Promise<Answer> {
    const authority = readFileSync(join(this.directory, 'certificates/apiserver.crt'));
    const url = new URL(path, `https://${HOST}:${this.port}`);
    if (method === 'POST') url.searchParams.set('fieldValidation', 'Strict');
    const headers = { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' };
    const sent = request(url, { method, headers, ca: authority });
    sent.end(object === undefined ? undefined : JSON.stringify(object));
    const [answer] = (await once(sent, 'response')) as [NodeJS.ReadableStream & AnswerHead];
    const body = await text(answer);
    const { warning, 'content-type': type = '' } = answer.headers;
    return {
      status: answer.statusCode,
      body: type.startsWith('application/json') ? (JSON.parse(body) as unknown) : body,
      warnings: warning === undefined ? [] : [warning].flat(),
    };
  }

  async stop(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const ended = once(this.process, 'exit');
      this.process.stdin?.end();
      await ended;
    }
    rmSync(this.directory, { recursive: true });
  }

  private async isReady(): Promise<boolean> {
    if (this.process.exitCode !== null) throw new Error(`it ended with exit code ${this.process.exitCode}`);
    try {
      // Of all that it makes at start this is the last that a pod needs.
      const { status } = await this.call(
        'GET',
        '/apis/scheduling.k8s.io/v1/priorityclasses/system-node-critical',
      );
      return status === 200;
    } catch {
      return false;
    }
  }

  private configuration(): object {
    const cluster = {
      server: `https://${HOST}:${this.port}`,
      'certificate-authority': join(this.directory, 'certificates/apiserver.crt'),
    };
    return {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'test', cluster }],
      users: [{ name: 'admin', user: { token: this.token } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
      'current-context': 'test',
    };
  }
}

interface AnswerHead {
  readonly statusCode: number;
  readonly headers: { readonly warning?: string | readonly string[]; readonly 'content-type'?: string };
}
