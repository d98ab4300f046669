/**
 * Ends a connection whose server is silent. Neither a keep-alive nor a limit that the server keeps notices a process that
 * stands still, or a network that swallows what was sent; what waits for an answer would wait for as long.
 */
import type { Socket } from 'node:net';

const LOOK_MILLISECONDS = 500;

/** Looks from now on whether anything comes. */
export class SilenceWatch {
  private readonly timer: NodeJS.Timeout;
  private heard: number;
  private since = Date.now();

  /** @param milliseconds without a byte after which the socket is destroyed */
  constructor(
    private readonly socket: Socket,
    private readonly milliseconds: number,
  ) {
    this.heard = socket.bytesRead;
    this.timer = setInterval(() => {
      this.look();
    }, LOOK_MILLISECONDS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    const now = Date.now();
    if (this.socket.bytesRead !== this.heard) {
      this.heard = this.socket.bytesRead;
      this.since = now;
    } else if (now - this.since >= this.milliseconds) {
      this.stop();
      this.socket.destroy(new Error('connection timeout: the server does not answer'));
    }
  }
}
