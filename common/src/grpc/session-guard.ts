/**
 * Keeps the connections of a gRPC server apart: what one caller does ends neither another's call nor the service's descriptors.
 *
 * 1. Count the calls of a connection that end by a reset: cancelled by the caller, or expired.
 * 2. Before the HTTP/2 library counts too many and closes the whole connection with an error, ask the peer to open another
 *    one (GOAWAY, no error). Open calls go on, and the library counts no further. An attacker has to connect anew, too.
 * 3. A connection that has ended gives its socket back, whether the peer closes its end or not.
 */
import { status, type Server } from '@grpc/grpc-js';
import {
  constants,
  type Http2Server,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import type { Logger } from '../log/logger.js';
import { ListenerGuard, type GuardedPort } from '../process/listener-guard.js';
import { TokenBucket } from '../process/token-bucket.js';
import { http2ServersOf } from './below.js';
import { MOST_STREAMS } from './limits.js';

/** The library closes a connection at 1,000 resets, with 33 more a second. One read may bring those of all open calls. */
const LIBRARY_RESETS = 1_000;
const RESETS_PER_SECOND = 33;
const RESETS = LIBRARY_RESETS - 2 * MOST_STREAMS;
const SWEEP_MILLISECONDS = 1_000;
const GRPC_STATUS = 'grpc-status';
/** Callers reset calls that end so at the same moment. */
const LATE: ReadonlySet<number> = new Set([status.DEADLINE_EXCEEDED, status.CANCELLED]);

/** The connections of one bound server. */
export class SessionGuard {
  private readonly guards: readonly ListenerGuard[];
  private readonly sockets = new Map<Socket, SocketWatch>();
  private readonly sweeping: NodeJS.Timeout;

  /** @param server bound already */
  constructor(server: Server, port: GuardedPort, logger: Logger | undefined) {
    this.guards = http2ServersOf(server).map((http2) => {
      this.watch(http2);
      return new ListenerGuard(http2, port, logger);
    });
    this.sweeping = setInterval(() => {
      this.sweep();
    }, SWEEP_MILLISECONDS).unref();
  }

  /** Connections that are open. */
  get connections(): number {
    return this.guards.reduce((sum, { connections }) => sum + connections, 0);
  }

  /** Connections refused so far. */
  get refused(): number {
    return this.guards.reduce((sum, { refused }) => sum + refused, 0);
  }

  close(): void {
    clearInterval(this.sweeping);
  }

  private watch(server: Http2Server): void {
    server.prependListener('connection', (socket: Socket) => {
      const watch: SocketWatch = { session: undefined, endedAtLastSweep: false };
      this.sockets.set(socket, watch);
      socket.once('close', () => this.sockets.delete(socket));
      // The session of a connection is made while this event is told.
      server.once('session', (session) => {
        watch.session = session;
      });
    });
    server.on('session', watchResets);
  }

  /** Ended sessions keep their socket until the peer closes it, and do not see when it does. */
  private sweep(): void {
    for (const [socket, watch] of this.sockets) {
      if (watch.session?.destroyed !== true) continue;
      if (watch.endedAtLastSweep) socket.destroy();
      watch.endedAtLastSweep = true;
    }
  }
}

interface SocketWatch {
  session: ServerHttp2Session | undefined;
  endedAtLastSweep: boolean;
}

/** Counts the resets of a connection, and ends it in order before the library ends it with an error. */
function watchResets(session: ServerHttp2Session): void {
  const resets = new TokenBucket(RESETS, RESETS_PER_SECOND);
  session.on('stream', (stream) => {
    stream.once('close', () => {
      // Asks the peer for another connection: open calls go on here, and calls under way come again there.
      if (wasReset(stream) && !resets.take() && !session.closed && !session.destroyed) session.close();
    });
  });
}

function wasReset(stream: ServerHttp2Stream): boolean {
  if (stream.rstCode !== constants.NGHTTP2_NO_ERROR || stream.aborted) return true;
  // A stream that was never answered has no headers, whatever its type says.
  const headers = stream.sentHeaders as OutgoingHttpHeaders | undefined;
  const ended = stream.sentTrailers?.[GRPC_STATUS] ?? headers?.[GRPC_STATUS];
  return LATE.has(Number(ended));
}
