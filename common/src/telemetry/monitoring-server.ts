/**
 * The HTTP port of a service for those who watch it. It answers from the first moment of the start on.
 *
 * - `/metrics`: everything counted, as Prometheus reads it.
 * - `/healthz`: 200 while the process answers.
 * - `/readyz`: 200 while the service does its whole work, otherwise 503 with the reason.
 *
 * A service may answer further paths of its own.
 */
import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { MisconfiguredError } from '../errors/errors.js';
import type { Logger } from '../log/logger.js';
import { ListenerGuard } from '../process/listener-guard.js';

/** What is shown, and where. */
export interface MonitoringOptions {
  /** HOST:PORT; port 0 takes a free one. An IPv6 host may stand in brackets. */
  readonly address: string;
  readonly registry: Registry;
  /** Why the service does not do its whole work; undefined while it does. */
  readonly notReady: () => string | undefined;
  /** Paths that the service answers beside these. */
  readonly further: FurtherPaths;
  /** Told of refused connections. */
  readonly logger?: Logger | undefined;
}

/** What a path answers. */
export interface Answer {
  readonly code: number;
  /** The media type of the body. */
  readonly type: string;
  readonly body: string | Buffer;
  readonly headers?: OutgoingHttpHeaders;
}

/** Where a port listens: on this machine's loopback, or where others may reach it. */
export type Reach = 'loopback' | 'network';

/** Answers further paths; undefined where a path is none of them. */
export type FurtherPaths = (path: string, reach: Reach) => Answer | undefined;

/** The media type of a line for people. */
export const PLAIN_TEXT = 'text/plain; charset=utf-8';
/** Scrapers, probes and the windows of a few operators. */
export const HTTP_CONNECTIONS = 128;
const HEADERS_MILLISECONDS = 10_000;
const REQUEST_MILLISECONDS = 30_000;
/** A connection on which nothing comes or goes for so long is closed. */
const SILENT_MILLISECONDS = 60_000;
const LIMITS = {
  headersTimeout: HEADERS_MILLISECONDS,
  requestTimeout: REQUEST_MILLISECONDS,
  keepAliveTimeout: HEADERS_MILLISECONDS,
  connectionsCheckingInterval: HEADERS_MILLISECONDS / 2,
};
const PATHS = ['/metrics', '/healthz', '/readyz'];

/** A listening port. */
export class MonitoringServer {
  private constructor(
    private readonly server: Server,
    readonly port: number,
    /** Counts its connections. */
    readonly guard: ListenerGuard,
  ) {}

  /** @throws MisconfiguredError when the address cannot be had */
  static async start(options: MonitoringOptions): Promise<MonitoringServer> {
    const server = createServer(LIMITS, (request, response) => {
      void answerTo(request, options, reachOf(server))
        .catch((error: unknown): Answer => ({
          code: 500,
          type: PLAIN_TEXT,
          body: `this could not be answered: ${String(error)}\n`,
        }))
        .then((answer) => {
          send(response, answer);
        });
    });
    server.setTimeout(SILENT_MILLISECONDS);
    const [, host, port] = /^\[?(.+?)\]?:(\d+)$/.exec(options.address) ?? [];
    try {
      await once(server.listen({ host, port: Number(port) }), 'listening');
    } catch (error) {
      throw new MisconfiguredError(
        `IRISPAIR_HTTP_LISTEN=${options.address}: cannot listen there (${(error as Error).message}): choose another address`,
        { cause: error },
      );
    }
    const guard = new ListenerGuard(
      server,
      {
        name: 'HTTP',
        connections: HTTP_CONNECTIONS,
        remedy: 'close what reads metrics or the page without end',
      },
      options.logger,
    );
    return new MonitoringServer(server, (server.address() as AddressInfo).port, guard);
  }

  /** Where it listens. */
  get reach(): Reach {
    return reachOf(this.server);
  }

  /** Answers nobody any longer. */
  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}

function reachOf(server: Server): Reach {
  // A server that closes has none any longer.
  const { address } = (server.address() as AddressInfo | null) ?? { address: '' };
  return /^(::ffff:)?127\.|^::1$/.test(address) ? 'loopback' : 'network';
}

async function answerTo(
  { method, url = '/' }: IncomingMessage,
  { registry, notReady, further }: MonitoringOptions,
  reach: Reach,
): Promise<Answer> {
  if (method !== 'GET' && method !== 'HEAD') {
    return {
      code: 405,
      type: PLAIN_TEXT,
      body: 'only GET and HEAD are answered\n',
      headers: { allow: 'GET, HEAD' },
    };
  }
  const [path] = url.split('?', 1);
  switch (path) {
    case '/metrics':
      return metricsOf(registry);
    case '/healthz':
      return { code: 200, type: PLAIN_TEXT, body: 'ok\n' };
    case '/readyz': {
      const reason = notReady();
      return { code: reason === undefined ? 200 : 503, type: PLAIN_TEXT, body: `${reason ?? 'ok'}\n` };
    }
    default:
      return (
        further(path, reach) ?? {
          code: 404,
          type: PLAIN_TEXT,
          body: `not found, ask for ${PATHS.join(', ')}\n`,
        }
      );
  }
}

async function metricsOf(registry: Registry): Promise<Answer> {
  try {
    return { code: 200, type: registry.contentType, body: await registry.metrics() };
  } catch (error) {
    return { code: 500, type: PLAIN_TEXT, body: `the metrics could not be read: ${String(error)}\n` };
  }
}

function send(response: ServerResponse, { code, type, body, headers = {} }: Answer): void {
  response.writeHead(code, { ...headers, 'content-type': type, 'content-length': Buffer.byteLength(body) });
  // Node leaves the body out of an answer to HEAD.
  response.end(body);
}
