/** Sessions and the queries they own: freed when released, expired, or when the client is gone. */
import { monotonicMicroseconds } from '@irispair/common/clock/monotonic';
import { NotFoundError } from '@irispair/common/errors/errors';
import type { EngineCore, QueryHandle } from '@irispair/native/engine-types';

interface Held {
  readonly session: number;
  /** Monotonic microseconds: setting the clock must not expire anything. */
  readonly expires: number;
}

/** Who holds which queries. */
export class Sessions {
  private readonly open = new Set<number>();
  private readonly held = new Map<QueryHandle, Held>();
  private last = 0;
  private isClosed = false;

  constructor(
    private readonly engine: EngineCore,
    private readonly expirySeconds: number,
  ) {}

  /** A new session. */
  join(): number {
    this.last += 1;
    this.open.add(this.last);
    return this.last;
  }

  /** The client is gone: its queries are freed. */
  leave(session: number): void {
    this.open.delete(session);
    this.release([...this.held].filter(([, held]) => held.session === session).map(([handle]) => handle));
  }

  /** @throws NotFoundError when the session has ended */
  check(session: number): void {
    if (!this.open.has(session))
      throw new NotFoundError(`session_id: session ${session} is not open: join again`);
  }

  /** Gives queries to a session. If it ended meanwhile, they are freed at once. */
  hold(session: number, handles: readonly QueryHandle[]): void {
    const expires = monotonicMicroseconds() + this.expirySeconds * 1e6;
    for (const handle of handles) this.held.set(handle, { session, expires });
    if (!this.open.has(session)) {
      this.release(handles);
      this.check(session);
    }
  }

  /** Frees queries; unknown ones are ignored. */
  release(handles: readonly QueryHandle[]): void {
    if (this.isClosed) return;
    for (const handle of handles) this.held.delete(handle);
    this.engine.releaseQueries(handles);
  }

  /** The engine is about to close, and frees every query: a client may be seen to go only after that. */
  close(): void {
    this.isClosed = true;
  }

  /** Frees what has expired. Called now and then. */
  expire(): void {
    const now = monotonicMicroseconds();
    this.release([...this.held].filter(([, { expires }]) => expires <= now).map(([handle]) => handle));
  }
}
