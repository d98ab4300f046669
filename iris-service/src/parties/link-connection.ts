/**
 * One connection between two parties, from the greeting until it is lost.
 *
 * Frames written in one turn of the event loop leave together. Both ends give signs of life; an end that gives none, or
 * sends what is no frame, has lost the connection.
 */
import type { TLSSocket } from 'node:tls';
import type { PartyIndex } from '@irispair/common/parties/party';
import { reasonPayload, reasonText } from './reason.js';
import { FrameKind, frameHeader, FrameReader, FramingError, HEADER_BYTES, NO_RUN } from './frame.js';
import type { Frame, RunId } from './frame.js';
import type { PeerTraffic } from './link-counters.js';
import type { LinkLimits } from './link-limits.js';

const NOTHING = Buffer.alloc(0);
/** Within this what was written last reaches a peer that reads. */
const GOODBYE_MILLISECONDS = 1_000;

/** What a connection is made of. */
export interface ConnectionParts {
  readonly socket: TLSSocket;
  readonly own: PartyIndex;
  readonly peer: PartyIndex;
  readonly limits: LinkLimits;
  readonly traffic: PeerTraffic;
  /** Takes every frame but greetings, signs of life and refusals. @throws FramingError when the peer may not send it */
  readonly receive: (frame: Frame) => void;
  /** Told once, at once, when it is lost or closed. */
  readonly over: (reason: string) => void;
}

/** A connection whose certificates were checked. */
export class LinkConnection {
  /** Resolves to the reason once it is lost or closed. */
  readonly lost: Promise<string>;
  /** Resolves to true once the other end has greeted, to false when it is lost before. */
  readonly greeted: Promise<boolean>;
  /** Resolves once nothing is left of it. */
  readonly gone: Promise<void>;
  private hasGreeted = false;
  private sayGreeted: (greeted: boolean) => void = () => undefined;
  private sayLost: (reason: string) => void = () => undefined;
  private reason: string | undefined;
  private draining: Promise<void> | undefined;
  private isGatheringFrames = false;
  private heardAt = Date.now();
  private isPaused = false;
  private readonly watch: NodeJS.Timeout;
  private readonly reader: FrameReader;

  constructor(private readonly parts: ConnectionParts) {
    const { socket, peer, limits } = parts;
    this.reader = new FrameReader(peer, limits.mostMessageBytes, (frame) => {
      this.take(frame);
    });
    this.greeted = new Promise((resolve) => (this.sayGreeted = resolve));
    this.lost = new Promise((resolve) => (this.sayLost = resolve));
    this.gone = new Promise((resolve) => {
      socket.once('close', () => {
        this.lose('it closed the connection');
        resolve();
      });
    });
    socket.on('error', (error: Error) => {
      this.lose(error.message);
    });
    socket.on('data', (chunk: Buffer) => {
      this.read(chunk);
    });
    socket.setNoDelay(true);
    this.watch = setInterval(() => {
      this.giveSign();
    }, limits.pingMilliseconds);
  }

  /** Whether what was written waits for the other end to read. */
  get isBackedUp(): boolean {
    return this.parts.socket.writableNeedDrain;
  }

  /** Whether it is lost or being closed. */
  get isOver(): boolean {
    return this.reason !== undefined;
  }

  /** Resolves when there is room again, or nothing to wait for any longer. */
  drained(): Promise<void> {
    const { socket } = this.parts;
    this.draining ??= new Promise((resolve) => {
      const done = () => {
        socket.off('drain', done).off('close', done);
        this.draining = undefined;
        resolve();
      };
      socket.on('drain', done).on('close', done);
    });
    return this.draining;
  }

  send(kind: FrameKind, run: RunId, sequence: number, payload: Uint8Array): void {
    if (this.isOver) return;
    const { socket, own, traffic } = this.parts;
    if (!this.isGatheringFrames) {
      this.isGatheringFrames = true;
      socket.cork();
      process.nextTick(() => {
        this.isGatheringFrames = false;
        socket.uncork();
      });
    }
    socket.write(frameHeader(kind, own, run, sequence, payload.byteLength));
    if (payload.byteLength > 0) socket.write(payload);
    traffic.out.frames += 1;
    traffic.out.bytes += HEADER_BYTES + payload.byteLength;
  }

  greet(): void {
    this.send(FrameKind.Hello, NO_RUN, 0, NOTHING);
  }

  /** Tells the other end why, and closes. */
  refuse(reason: string): void {
    this.send(FrameKind.Refuse, NO_RUN, 0, reasonPayload(reason));
    this.close(reason);
  }

  /** Closes when what was written is out, or after a second. */
  close(reason: string): void {
    if (this.isOver) return;
    this.lose(reason);
    const { socket } = this.parts;
    process.nextTick(() => socket.end());
    const giveUp = setTimeout(() => socket.destroy(), GOODBYE_MILLISECONDS);
    socket.once('close', () => {
      clearTimeout(giveUp);
    });
  }

  /** Reads nothing more until it goes on. */
  pause(): void {
    this.isPaused = true;
    this.parts.socket.pause();
  }

  goOn(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.heardAt = Date.now();
    this.parts.socket.resume();
  }

  private lose(reason: string): void {
    if (this.isOver) return;
    this.reason = reason;
    clearInterval(this.watch);
    this.sayGreeted(false);
    this.sayLost(reason);
    this.parts.over(reason);
  }

  private read(chunk: Buffer): void {
    if (this.isOver) return;
    this.heardAt = Date.now();
    try {
      this.reader.push(chunk);
    } catch (error) {
      if (!(error instanceof FramingError)) throw error;
      this.refuse(error.message);
    }
  }

  private take(frame: Frame): void {
    const { traffic, receive } = this.parts;
    // What came behind a frame that ended the connection.
    if (this.isOver) return;
    traffic.in.frames += 1;
    traffic.in.bytes += HEADER_BYTES + frame.payload.byteLength;
    switch (frame.kind) {
      case FrameKind.Refuse:
        this.close(`it refuses this party: ${reasonText(frame.payload)}`);
        return;
      case FrameKind.Hello:
        if (this.hasGreeted) throw new FramingError('a second hello frame');
        this.hasGreeted = true;
        this.sayGreeted(true);
        return;
      case FrameKind.Ping:
        return;
      case FrameKind.Seed:
      case FrameKind.Data:
      case FrameKind.Abort:
        if (!this.hasGreeted) throw new FramingError('a frame before hello');
        receive(frame);
    }
  }

  private giveSign(): void {
    this.send(FrameKind.Ping, NO_RUN, 0, NOTHING);
    if (!this.isSilent()) return;
    // After a turn that took long, what has come meanwhile is read first.
    setImmediate(() => {
      if (!this.isSilent()) return;
      this.lose(`it gave no sign of life for ${this.parts.limits.silentLinkMilliseconds / 1_000} s`);
      this.parts.socket.destroy();
    });
  }

  private isSilent(): boolean {
    return !this.isPaused && Date.now() - this.heardAt >= this.parts.limits.silentLinkMilliseconds;
  }
}
