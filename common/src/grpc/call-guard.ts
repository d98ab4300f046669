/**
 * Bounds what the open calls of a server hold, and ends those whose peer keeps them waiting.
 *
 * 1. Count each call: what it costs by itself, the part of its request that has come, the answer that the peer has not taken.
 * 2. Refuse calls while all of them hold too much. Health is told even then.
 * 3. End a call whose peer has taken nothing of an answer, or has not sent the whole request, for too long: its stream is
 *    reset with ENHANCE_YOUR_CALM, which clients of gRPC know as RESOURCE_EXHAUSTED. Sooner, when memory is short.
 */
import {
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import { constants, type ServerHttp2Stream } from 'node:http2';
import { ExhaustedError } from '../errors/errors.js';
import type { Logger } from '../log/logger.js';
import { SeldomLog } from '../log/seldom-log.js';
import { http2StreamOf } from './below.js';
import { CallMemory, type Holding } from './call-memory.js';
import { toStatus } from './status.js';

/** What an open call costs by itself: its HTTP/2 stream, headers and objects. */
const CALL_BYTES = 16 << 10;
const SWEEP_MILLISECONDS = 1_000;
/** How long calls may keep the server waiting while memory is short. */
const HURRIED_MILLISECONDS = 5_000;
const RETRY_MILLISECONDS = 1_000;
const HEALTH = '/grpc.health.v1.Health/';

/** Bounds of all calls of a server. */
export interface CallLimits {
  /** What they may hold together, bytes. */
  readonly bytes: number;
  /** How long one may wait for its peer. */
  readonly unreadMilliseconds: number;
  /** The settings of the two, for messages. */
  readonly settings: { readonly bytes: string; readonly unread: string };
}

/** The open calls of one server. */
export class CallGuard {
  readonly memory: CallMemory;
  /** Calls ended so far because their peer kept them waiting. */
  ended = 0;
  /** Calls refused so far for want of memory. */
  refused = 0;
  private readonly calls = new Set<GuardedCall>();
  private readonly sweeping: NodeJS.Timeout;
  private readonly unread: SeldomLog;
  private readonly full: SeldomLog;

  constructor(
    private readonly limits: CallLimits,
    logger: Logger,
  ) {
    const { bytes, unreadMilliseconds, settings } = limits;
    this.memory = new CallMemory(bytes);
    this.unread = new SeldomLog(
      logger,
      `calls are ended whose client reads no answer, or sends no whole request, for ${unreadMilliseconds / 1_000} s, ` +
        `or sooner while memory is short: the client is to read what it asked for, or raise ${settings.unread}`,
    );
    this.full = new SeldomLog(
      logger,
      `open calls hold ${bytes} bytes, and further ones are refused: clients are to have fewer calls open; or raise ${settings.bytes}`,
    );
    this.sweeping = setInterval(() => {
      this.sweep();
    }, SWEEP_MILLISECONDS).unref();
  }

  /** Calls that are open. */
  get open(): number {
    return this.calls.size;
  }

  /** Sees every call of the server that is given it. */
  readonly interceptor: ServerInterceptor = (method, call) => {
    if (this.memory.isFull && !method.path.startsWith(HEALTH)) return this.refuse(call);
    const guarded = new GuardedCall(call, method, this.memory.open());
    this.calls.add(guarded);
    guarded.stream.once('close', () => {
      guarded.holding.close();
      this.calls.delete(guarded);
    });
    return guarded;
  };

  close(): void {
    clearInterval(this.sweeping);
  }

  private refuse(call: ServerInterceptingCallInterface): ServerInterceptingCall {
    this.refused += 1;
    this.full.note();
    const { bytes, settings } = this.limits;
    const message = `the open calls of all clients hold ${bytes} bytes: have fewer open, read their answers, or raise ${settings.bytes}`;
    return new RefusedCall(call, new ExhaustedError(message, { retryMilliseconds: RETRY_MILLISECONDS }));
  }

  private sweep(): void {
    const { unreadMilliseconds } = this.limits;
    const patience = this.memory.isStrained
      ? Math.min(HURRIED_MILLISECONDS, unreadMilliseconds)
      : unreadMilliseconds;
    const since = performance.now() - patience;
    for (const call of this.calls) {
      if (call.waitsSince > since) continue;
      this.ended += 1;
      this.unread.note({ peer: call.getPeer(), method: call.method.path });
      call.reset();
    }
  }
}

type Method = Parameters<ServerInterceptor>[0];
type Listener = Parameters<ServerInterceptingCallInterface['start']>[0];

/** Counts what a call holds beside what its handler counts. */
class GuardedCall extends ServerInterceptingCall {
  readonly stream: ServerHttp2Stream;
  /** Since when the peer keeps this call waiting, on the clock of `performance`. */
  waitsSince = Infinity;
  private came = 0;

  constructor(
    call: ServerInterceptingCallInterface,
    readonly method: Method,
    readonly holding: Holding,
  ) {
    super(call);
    this.stream = http2StreamOf(call);
    holding.change(CALL_BYTES);
    if (!method.requestStream) this.waitsSince = performance.now();
    this.stream.on('data', ({ byteLength }: Buffer) => {
      this.came += byteLength;
      holding.change(byteLength);
    });
  }

  override start(listener: Listener): void {
    super.start({
      onReceiveMetadata: (metadata) => {
        listener.onReceiveMetadata(metadata);
      },
      onReceiveMessage: (message) => {
        this.requestCame();
        listener.onReceiveMessage(message);
      },
      onReceiveHalfClose: () => {
        listener.onReceiveHalfClose();
      },
      onCancel: () => {
        listener.onCancel();
      },
    });
  }

  override sendMessage(message: unknown, callback: () => void): void {
    this.waitsSince = performance.now();
    super.sendMessage(message, () => {
      this.waitsSince = Infinity;
      callback();
    });
    if (!this.method.responseStream) this.holding.change(this.stream.writableLength);
  }

  reset(): void {
    this.waitsSince = Infinity;
    this.stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }

  /** A stream's handler counts its requests itself. */
  private requestCame(): void {
    if (!this.method.requestStream) this.waitsSince = Infinity;
    else this.holding.change(-this.came);
    this.came = 0;
  }
}

/** A call that its handler never sees. */
class RefusedCall extends ServerInterceptingCall {
  constructor(
    call: ServerInterceptingCallInterface,
    private readonly error: ExhaustedError,
  ) {
    super(call);
  }

  override start(): void {
    this.sendStatus(toStatus(this.error));
  }
}
