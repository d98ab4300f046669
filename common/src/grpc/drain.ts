/** Ends a gRPC server in order. */
import type { Server } from '@grpc/grpc-js';

/** Takes no new calls, waits for those in work, and cuts what is left after a while: streams last as long as their clients. */
export function drainServer(server: Server, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, milliseconds);
    server.tryShutdown(() => {
      clearTimeout(force);
      resolve();
    });
  });
}
