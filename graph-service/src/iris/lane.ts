/**
 * One kind of calls to the iris service, on a connection of its own.
 *
 * 1. A call takes a place. So many may be open at once, with so many bytes; further ones wait, first come, first served.
 * 2. It keeps its place until the iris service has answered, even when its caller is gone.
 * 3. A new connection fails what is open on the old one, and what waits.
 *
 * The bound is what keeps the hop alive: Node's HTTP/2 reads nothing while a write of its own waits for room in the
 * socket, and requests, unlike their contents, fall under no flow control (docs/architecture.md).
 */
import { setMaxListeners } from 'node:events';
import {
  CancelledError,
  DeadlineExceededError,
  ExhaustedError,
  UnavailableError,
} from '@irispair/common/errors/errors';

/** What may be open on one connection. */
export interface LaneLimits {
  /** Calls, from 1. */
  readonly calls: number;
  /** Bytes of their requests and of answers of known size. One call with more goes alone. */
  readonly bytes: number;
  /** Calls that wait for a place. */
  readonly waiting: number;
}

/** How long a caller waits for a place. */
export interface LanePatience {
  /** Milliseconds since the epoch; Infinity for ever. */
  readonly deadline: number;
  /** Aborted when the caller goes away. */
  readonly signal?: AbortSignal;
}

/** What is open and what waits, at one moment. */
export interface LaneLoad {
  readonly open: number;
  readonly openBytes: number;
  readonly waiting: number;
}

/** Something to call over. */
export interface Connection {
  close(): void;
}

/** A call over a connection. It ends soon after `lost` is aborted. */
export type LaneCall<Over, Answer> = (connection: Over, lost: AbortSignal) => Promise<Answer>;

/** A connection and what is open on it. */
interface Opened<Over> {
  readonly connection: Over;
  readonly lost: AbortController;
  readonly failing: Set<(error: Error) => void>;
  calls: number;
  bytes: number;
}

interface Waiting {
  readonly bytes: number;
  readonly patience: LanePatience;
  readonly start: () => void;
  readonly reject: (error: Error) => void;
}

/** Until a refused caller is to try again: in so long hundreds of waiting calls are answered. */
const RETRY_MILLISECONDS = 1_000;

const PATIENT: LanePatience = { deadline: Infinity };

/** Calls of one kind. */
export class Lane<Over extends Connection> {
  private readonly queue = new Set<Waiting>();
  private current: Opened<Over>;

  constructor(
    private readonly name: string,
    private readonly limits: LaneLimits,
    private readonly connect: () => Over,
  ) {
    this.current = open(connect());
  }

  get load(): LaneLoad {
    return { open: this.current.calls, openBytes: this.current.bytes, waiting: this.queue.size };
  }

  /**
   * Calls once there is a place.
   * @param bytes of the request, or of the answer where that is more
   * @throws ExhaustedError when too many wait, UnavailableError when the connection is given up, and for a caller who
   * left before his turn DeadlineExceededError or CancelledError
   */
  run<Answer>(
    bytes: number,
    call: LaneCall<Over, Answer>,
    patience: LanePatience = PATIENT,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const start = () => {
        this.call(bytes, call).then(resolve, reject);
      };
      if (this.queue.size === 0 && this.hasRoom(bytes)) start();
      else if (this.queue.size < this.limits.waiting) this.queue.add({ bytes, patience, start, reject });
      else reject(this.full());
    });
  }

  /** Fails what is open and what waits, and takes a new connection. */
  reconnect(reason: Error): void {
    const old = this.current;
    this.current = open(this.connect());
    this.giveUp(old, reason);
  }

  /** Fails what is open and what waits. */
  close(): void {
    this.giveUp(this.current, new UnavailableError('the service stops'));
  }

  private giveUp({ connection, lost, failing }: Opened<Over>, reason: Error): void {
    const waiting = [...this.queue];
    this.queue.clear();
    for (const fail of failing) fail(reason);
    for (const { reject } of waiting) reject(reason);
    lost.abort(reason);
    connection.close();
  }

  private hasRoom(bytes: number): boolean {
    const { current, limits } = this;
    return current.calls === 0 || (current.calls < limits.calls && current.bytes + bytes <= limits.bytes);
  }

  private call<Answer>(bytes: number, call: LaneCall<Over, Answer>): Promise<Answer> {
    const { current } = this;
    current.calls += 1;
    current.bytes += bytes;
    return new Promise<Answer>((resolve, reject) => {
      current.failing.add(reject);
      call(current.connection, current.lost.signal)
        .then(resolve, reject)
        .finally(() => {
          current.failing.delete(reject);
          current.calls -= 1;
          current.bytes -= bytes;
          this.startWaiting();
        });
    });
  }

  private startWaiting(): void {
    for (const waiting of this.queue) {
      const left = hasLeft(waiting.patience);
      if (left === undefined && !this.hasRoom(waiting.bytes)) return;
      this.queue.delete(waiting);
      if (left === undefined) waiting.start();
      else waiting.reject(left);
    }
  }

  private full(): ExhaustedError {
    const { waiting } = this.limits;
    return new ExhaustedError(
      `${waiting} calls of the kind ${this.name} wait for the iris service already: try again later`,
      { retryMilliseconds: RETRY_MILLISECONDS },
    );
  }
}

function open<Over extends Connection>(connection: Over): Opened<Over> {
  const lost = new AbortController();
  // One for each call.
  setMaxListeners(0, lost.signal);
  return { connection, lost, failing: new Set(), calls: 0, bytes: 0 };
}

function hasLeft({ deadline, signal }: LanePatience): Error | undefined {
  if (signal?.aborted === true) return new CancelledError('the caller went away');
  if (Date.now() > deadline)
    return new DeadlineExceededError('the deadline passed before the iris service was asked');
  return undefined;
}
