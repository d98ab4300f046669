/** A TCP relay on loopback that delays both directions of every connection. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { DelayLine, type Delay } from './delay-line.js';

const LOOPBACK = '127.0.0.1';

/** Leads connections to a port. */
export class Relay {
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;

  private constructor(
    private readonly target: number,
    private readonly delay: Delay,
  ) {
    this.server = createServer({ allowHalfOpen: true }, (socket) => {
      this.lead(socket);
    });
  }

  /** @param target port of the loopback interface to which it leads */
  static async listen(target: number, delay: Delay): Promise<Relay> {
    const relay = new Relay(target, delay);
    await once(relay.server.listen(0, LOOPBACK), 'listening');
    return relay;
  }

  /** Where it listens, HOST:PORT. */
  get address(): string {
    return `${LOOPBACK}:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private lead(near: Socket): void {
    const far = connect({ host: LOOPBACK, port: this.target, allowHalfOpen: true });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ]) {
      this.sockets.add(socket);
      socket.setNoDelay(true);
      // Closing follows.
      socket.on('error', () => undefined);
      socket.once('close', (isError) => {
        this.sockets.delete(socket);
        if (isError || !socket.readableEnded) other.resetAndDestroy();
      });
      new DelayLine(socket, other, this.delay);
    }
  }
}
