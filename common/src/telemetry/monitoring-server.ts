/**
 * The HTTP port of a service for those who watch it. It answers from the first moment of the start on.
 *
 * - `/metrics`: everything counted, as Prometheus reads it.
 * - `/healthz`: 200 while the process answers.
 * - `/readyz`: 200 while the service does its whole work, otherwise 503 with the reason.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { MisconfiguredError } from '../errors/errors.js';

/** What is shown, and where. */
export interface MonitoringOptions {
  /** HOST:PORT; port 0 takes a free one. An IPv6 host may stand in brackets. */
  readonly address: string;
  readonly registry: Registry;
  /** Why the service does not do its whole work; undefined while it does. */
  readonly notReady: () => string | undefined;
}

interface Answer {
  readonly code: number;
  readonly type: string;
  readonly body: string;
}

const PLAIN_TEXT = 'text/plain; charset=utf-8';
const PATHS = ['/metrics', '/healthz', '/readyz'];

/** A listening port. */
export class MonitoringServer {
  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  /** @throws MisconfiguredError when the address cannot be had */
  static async start(options: MonitoringOptions): Promise<MonitoringServer> {
    const server = createServer((request, response) => {
      void answerTo(request, options).then((answer) => {
        send(response, answer);
      });
    });
    const [, host, port] = /^\[?(.+?)\]?:(\d+)$/.exec(options.address) ?? [];
    try {
      await once(server.listen({ host, port: Number(port) }), 'listening');
    } catch (error) {
      throw new MisconfiguredError(
        `IRISPAIR_HTTP_LISTEN=${options.address}: cannot listen there (${(error as Error).message}): choose another address`,
        { cause: error },
      );
    }
    return new MonitoringServer(server, (server.address() as AddressInfo).port);
  }

  /** Answers nobody any longer. */
  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}

async function answerTo(
  { method, url = '/' }: IncomingMessage,
  { registry, notReady }: MonitoringOptions,
): Promise<Answer> {
  if (method !== 'GET' && method !== 'HEAD') {
    return { code: 405, type: PLAIN_TEXT, body: 'only GET and HEAD are answered\n' };
  }
  switch (url.split('?', 1)[0]) {
    case '/metrics':
      return metricsOf(registry);
    case '/healthz':
      return { code: 200, type: PLAIN_TEXT, body: 'ok\n' };
    case '/readyz': {
      const reason = notReady();
      return { code: reason === undefined ? 200 : 503, type: PLAIN_TEXT, body: `${reason ?? 'ok'}\n` };
    }
    default:
      return { code: 404, type: PLAIN_TEXT, body: `not found, ask for ${PATHS.join(', ')}\n` };
  }
}

async function metricsOf(registry: Registry): Promise<Answer> {
  try {
    return { code: 200, type: registry.contentType, body: await registry.metrics() };
  } catch (error) {
    return { code: 500, type: PLAIN_TEXT, body: `the metrics could not be read: ${String(error)}\n` };
  }
}

function send(response: ServerResponse, { code, type, body }: Answer): void {
  response.writeHead(code, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  // Node leaves the body out of an answer to HEAD.
  response.end(body);
}
