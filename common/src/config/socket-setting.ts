/** The setting that names the Unix domain socket between the services. */
import { z } from 'zod';
import { fitsSocketAddress, LONGEST_SOCKET_PATH } from '../grpc/local-socket.js';

/** Zod schema of a path that fits a socket address and names no directory. */
export function socketSetting() {
  return z
    .string('give the path of a Unix socket')
    .refine((path) => !path.endsWith('/'), 'give the path of a Unix socket, not of a directory')
    .refine(fitsSocketAddress, {
      error: ({ input }) =>
        `the path of a Unix socket takes ${LONGEST_SOCKET_PATH} bytes at most, this one ${Buffer.byteLength(String(input))}: choose a shorter one`,
    });
}
