/**
 * A gRPC port for probes that reach no Unix socket, such as those of a kubelet: the standard health protocol and nothing else.
 * It answers from the first moment of the start on.
 *
 * - service `alive`: SERVING while the process answers.
 * - service `ready`, and no name: SERVING while the service does its whole work.
 */
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { MisconfiguredError } from '../errors/errors.js';
import { SessionGuard } from '../grpc/session-guard.js';
import type { Logger } from '../log/logger.js';

const PORT = { name: 'probe', connections: 64, remedy: 'probes are to close their connections' };
/** Names that are asked for when it is to be ready. */
const READY = ['', 'ready'] as const;
const NAMES = { alive: 'SERVING', ready: 'NOT_SERVING', '': 'NOT_SERVING' } as const;

/** A listening port. */
export class ProbeServer {
  private constructor(
    private readonly server: Server,
    private readonly health: HealthImplementation,
    readonly port: number,
    /** Counts its connections. */
    readonly guard: SessionGuard,
  ) {}

  /**
   * @param address HOST:PORT; port 0 takes a free one
   * @param logger told of refused connections
   * @throws MisconfiguredError when the address cannot be had
   */
  static async start(address: string, logger?: Logger): Promise<ProbeServer> {
    const server = new Server();
    const health = new HealthImplementation(NAMES);
    health.addToServer(server);
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else
          reject(
            new MisconfiguredError(
              `IRISPAIR_PROBE_LISTEN=${address}: cannot listen there (${error.message}): choose another address`,
              { cause: error },
            ),
          );
      });
    });
    return new ProbeServer(server, health, port, new SessionGuard(server, PORT, logger));
  }

  /** What is told from now on. */
  set ready(isReady: boolean) {
    for (const name of READY) this.health.setStatus(name, isReady ? 'SERVING' : 'NOT_SERVING');
  }

  /** Answers nobody any longer. */
  close(): void {
    this.guard.close();
    this.server.forceShutdown();
  }
}
