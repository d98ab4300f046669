/** Who listens where. */
import { once } from 'node:events';
import { createServer } from 'node:net';

/** A port of the loopback interface that nobody listens on just now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('the system gave no port');
  return address.port;
}

/** Whether somebody listens on HOST:PORT just now. An address that cannot be had for another reason is not in use. */
export function isInUse(address: string): Promise<boolean> {
  const colon = address.lastIndexOf(':');
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code === 'EADDRINUSE');
    });
    server.listen({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)) }, () => {
      server.close(() => {
        resolve(false);
      });
    });
  });
}
