/**
 * Keeps a listening port from taking more connections than it may, and from ending the process when it can take none.
 *
 * - Over the cap a connection is closed at once, counted, and told in the log.
 * - Without a free descriptor (EMFILE, ENFILE) or memory the kernel's refusal is counted and told; the port listens on.
 */
import type { Server } from 'node:net';
import type { Logger } from '../log/logger.js';
import { SeldomLog } from '../log/seldom-log.js';

/** A port as it is called in logs and metrics. */
export interface GuardedPort {
  readonly name: string;
  /** Open connections at most. */
  readonly connections: number;
  /** What an operator does about refused connections. */
  readonly remedy: string;
}

/** The connections of one listening server. */
export class ListenerGuard {
  private open = 0;
  private refusals = 0;

  constructor(server: Server, { name, connections, remedy }: GuardedPort, logger: Logger | undefined) {
    const full =
      logger &&
      new SeldomLog(
        logger,
        `the ${name} port is full: connections over ${connections} are refused: ${remedy}`,
      );
    const failed =
      logger &&
      new SeldomLog(
        logger,
        `the ${name} port could not take a connection, and listens on: raise the limit of open files (nofile) if that is the reason`,
      );
    server.maxConnections = connections;
    server.on('drop', (from) => {
      this.refusals += 1;
      full?.note({ from: from?.remoteAddress });
    });
    server.on('error', (error) => {
      this.refusals += 1;
      failed?.note({ err: error });
    });
    server.on('connection', (socket) => {
      this.open += 1;
      socket.once('close', () => {
        this.open -= 1;
      });
    });
  }

  /** Connections that are open. */
  get connections(): number {
    return this.open;
  }

  /** Connections refused so far. */
  get refused(): number {
    return this.refusals;
  }
}
