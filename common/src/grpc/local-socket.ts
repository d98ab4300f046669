/** The Unix domain socket between the services: its address, and whether somebody listens there. */
import { connect } from 'node:net';
import { z } from 'zod';

/** Longest path that fits a socket address, bytes. */
export const LONGEST_SOCKET_PATH = 107;

/** The gRPC target of a socket path. */
export function socketTarget(path: string): string {
  return `unix:${path}`;
}

/** A setting that names a socket. */
export function socketSetting() {
  return z
    .string('give the path of a Unix socket')
    .refine((path) => !path.endsWith('/'), 'give the path of a Unix socket, not of a directory')
    .refine(fitsSocketAddress, {
      error: ({ input }) =>
        `the path of a Unix socket takes ${LONGEST_SOCKET_PATH} bytes at most, this one ${Buffer.byteLength(String(input))}: choose a shorter one`,
    });
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
