/** Who listens where. */
import { once } from 'node:events';
import { createServer } from 'node:net';

/** A port of the loopback interface that nobody listens on just now. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port;
}

/** So many such ports, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the system gave no port');
    return address.port;
  });
  for (const server of servers) server.close();
  await Promise.all(servers.map((server) => once(server, 'close')));
  return ports;
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
