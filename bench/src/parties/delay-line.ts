/**
 * One direction of a connection: what comes goes out in the same order, each piece so long after it came. Pieces are under
 * way beside each other, so that what is delayed is not slowed.
 */
import type { Socket } from 'node:net';

/** Bytes under way beyond which nothing more is read until half of them went out. */
const MOST_BYTES = 64 << 20;
/** Timers go by whole milliseconds: a piece leaves at the one that is nearest to its time. */
const NEAREST_MILLISECONDS = 0.5;

/** How long pieces take, and how long they took. */
export class Delay {
  /** What the lines are to add from now on. */
  milliseconds = 0;
  private pieces = 0;
  private sum = 0;

  /** Notes a piece that went out. */
  note(milliseconds: number): void {
    this.pieces += 1;
    this.sum += milliseconds;
  }

  /** Mean of what was added to the pieces since the last call; 0 of none. */
  takeMean(): number {
    const mean = this.pieces === 0 ? 0 : this.sum / this.pieces;
    this.pieces = 0;
    this.sum = 0;
    return mean;
  }
}

interface Piece {
  /** Undefined is the end. */
  readonly bytes: Buffer | undefined;
  readonly came: number;
  readonly due: number;
}

/** Leads what comes from one socket to another. Whoever makes it sees to their errors and their closing. */
export class DelayLine {
  private readonly pieces: Piece[] = [];
  private timer: NodeJS.Timeout | undefined;
  private bytes = 0;

  constructor(
    private readonly from: Socket,
    private readonly to: Socket,
    private readonly delay: Delay,
  ) {
    from.on('data', (bytes: Buffer) => {
      this.take(bytes);
    });
    from.once('end', () => {
      this.take(undefined);
    });
    // Not when the other closes: what came before is still under way.
    to.once('close', () => {
      clearTimeout(this.timer);
    });
    to.on('drain', () => {
      this.readOn();
    });
  }

  private take(bytes: Buffer | undefined): void {
    const came = performance.now();
    // Shorter than that of the piece before it, its delay ends with that one's.
    const due = Math.max(came + this.delay.milliseconds, this.pieces.at(-1)?.due ?? 0);
    this.pieces.push({ bytes, came, due });
    this.bytes += bytes?.byteLength ?? 0;
    if (this.bytes + this.to.writableLength > MOST_BYTES) this.from.pause();
    if (this.timer === undefined) this.send();
  }

  /** Sends what is due, and comes back for the rest. */
  private send(): void {
    const now = performance.now();
    this.timer = undefined;
    let piece = this.pieces.at(0);
    while (piece !== undefined && piece.due - now < NEAREST_MILLISECONDS) {
      this.pieces.shift();
      this.delay.note(now - piece.came);
      if (piece.bytes === undefined) this.to.end();
      else this.to.write(piece.bytes);
      this.bytes -= piece.bytes?.byteLength ?? 0;
      piece = this.pieces.at(0);
    }
    this.readOn();
    if (piece === undefined) return;
    this.timer = setTimeout(
      () => {
        this.send();
      },
      Math.max(1, Math.round(piece.due - now)),
    );
  }

  private readOn(): void {
    if (this.from.isPaused() && this.bytes + this.to.writableLength <= MOST_BYTES / 2) this.from.resume();
  }
}
