/** The Unix domain socket between the services: its address, and whether somebody listens there. */
import { connect } from 'node:net';

/** Longest path that fits a socket address, bytes. */
export const LONGEST_SOCKET_PATH = 107;

/** The gRPC target of a socket path. */
export function socketTarget(path: string): string {
  return `unix:${path}`;
}

/** Whether the kernel takes this path for a socket. */
export function fitsSocketAddress(path: string): boolean {
  return Buffer.byteLength(path) <= LONGEST_SOCKET_PATH;
}

/** Why nobody can be reached at a socket, as the kernel says it; undefined when a server takes connections there. */
export function connectionError(path: string): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once('error', (error) => {
      socket.destroy();
      resolve(error);
    });
  });
}
